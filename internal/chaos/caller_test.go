package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// book is the log of all callers.
type book struct {
	mu    sync.Mutex
	calls []Call
}

func (b *book) write(c Call) {
	b.mu.Lock()
	b.calls = append(b.calls, c)
	b.mu.Unlock()
}

// caller is a client with jobs of its own, which nobody else touches: one request at
// a time.
type caller struct {
	w     *site
	id    int
	dice  *rand.Rand
	maker *maker
	book  *book
	until time.Time
	jobs  []*owned
	keys  int
}

// owned is a job as its caller believes it to be.
type owned struct {
	order  *order
	status string    // active, paused or cancelled
	leave  time.Time // an answer is missing: it is left alone until then
}

func (c *caller) node() *node { return c.w.nodes[c.dice.IntN(len(c.w.nodes))] }

// try makes one request and logs it. The call's answer is in what it returns.
func (c *caller) try(ctx context.Context, call Call, do func(ctx context.Context, cl *client.Client, call *Call) error) Call {
	call.Began = time.Now().UTC()
	err := do(ctx, c.node().client, &call)
	call.Ended = time.Now().UTC()
	call.Answer, call.Code = answer(err, call.Key != "")
	c.book.write(call)
	return call
}

// answer says what an error means for what was asked.
func answer(err error, keyed bool) (string, string) {
	if err == nil {
		return OK, ""
	}
	code := string(job.CodeOf(err))
	if r, ok := errors.AsType[*client.ResponseError](err); ok && r.Status < http.StatusInternalServerError {
		return Fail, code
	}
	if !keyed && strings.Contains(err.Error(), "is not reachable") { // it was never sent; with a key it may have been, before
		return Fail, "unreachable"
	}
	return Unknown, code
}

// insist repeats a request with one key until it is answered.
func (c *caller) insist(ctx context.Context, call Call, do func(ctx context.Context, cl *client.Client, call *Call) error) Call {
	c.keys++
	call.Key = fmt.Sprintf("caller-%d-%d", c.id, c.keys)
	for range 4 {
		made := c.try(ctx, call, do)
		if made.Answer != Unknown || ctx.Err() != nil {
			return made
		}
		pause(ctx, 300*time.Millisecond)
		call = made
		call.Execution = ""
	}
	return call
}

// create makes a job.
func (c *caller) create(ctx context.Context, o *order) {
	spec := o.spec
	made := c.insist(ctx, Call{Op: "create", Job: o.name, Spec: &spec}, func(ctx context.Context, cl *client.Client, call *Call) error {
		_, err := cl.CreateJob(ctx, o.typ, o.input, client.Write{IdempotencyKey: call.Key})
		return err
	})
	j := &owned{order: o, status: "active"}
	switch made.Answer {
	case Fail:
		c.w.Errorf("%s cannot be created: %s", o.name, made.Code)
		return
	case Unknown, "":
		j.leave = time.Now().Add(settles + time.Second)
	}
	c.jobs = append(c.jobs, j)
}

// live makes requests until ctx ends.
func (c *caller) live(ctx context.Context) {
	for ctx.Err() == nil {
		pause(ctx, time.Duration(200+c.dice.IntN(800))*time.Millisecond)
		if ctx.Err() != nil || len(c.jobs) == 0 {
			return
		}
		j := c.jobs[c.dice.IntN(len(c.jobs))]
		if time.Now().After(j.leave) && !crashes(j.order.name) {
			c.touch(context.WithoutCancel(ctx), j)
		}
	}
}

// touch does one thing to a job.
func (c *caller) touch(ctx context.Context, j *owned) {
	name := j.order.name
	once := j.order.spec.Type == "one_time"
	switch d := c.dice.IntN(100); {
	case d < 12:
		c.create(ctx, c.maker.next(time.Until(c.until)))
	case d < 30 && !once:
		c.edit(ctx, j, schedules[c.dice.IntN(len(schedules))])
	case d < 52 && !once:
		c.toggle(ctx, j)
	case d < 54 && !once:
		c.tell(ctx, j, Call{Op: "cancel", Job: name}, "cancelled", func(ctx context.Context, cl *client.Client, _ *Call) error {
			return cl.CancelJob(ctx, j.order.id, api.Cancel{CancelRunning: c.dice.IntN(2) == 0})
		})
	case d < 75:
		c.insist(ctx, Call{Op: "run", Job: name}, func(ctx context.Context, cl *client.Client, call *Call) error {
			e, err := cl.Run(ctx, j.order.id, api.Run{}, client.Write{IdempotencyKey: call.Key})
			if err == nil {
				call.Execution = e.ID.String()
			}
			return err
		})
	case d < 88:
		c.retry(ctx, j)
	default:
		c.read(ctx, j)
	}
}

// edit gives a job another schedule.
func (c *caller) edit(ctx context.Context, j *owned, schedule string) bool {
	made := c.tell(ctx, j, Call{Op: "edit", Job: j.order.name, Spec: &Spec{Schedule: schedule}}, j.status, func(ctx context.Context, cl *client.Client, _ *Call) error {
		_, err := cl.ChangeJob(ctx, j.order.id, api.JobInput{Schedule: &schedule}, client.Write{})
		return err
	})
	return made.Answer != Unknown && made.Code != "unreachable"
}

// toggle pauses or resumes.
func (c *caller) toggle(ctx context.Context, j *owned) bool {
	name := j.order.name
	call, after, do := Call{Op: "pause", Job: name}, "paused", func(ctx context.Context, cl *client.Client, _ *Call) error {
		return cl.Pause(ctx, j.order.id, api.Pause{})
	}
	if j.status == "paused" {
		call.Op, after, do = "resume", "active", func(ctx context.Context, cl *client.Client, _ *Call) error {
			return cl.Resume(ctx, j.order.id, api.Resume{}, client.Write{})
		}
	}
	made := c.tell(ctx, j, call, after, do)
	return made.Answer != Unknown && made.Code != "unreachable"
}

// tell makes a request without a key, and believes it when it was acknowledged.
func (c *caller) tell(ctx context.Context, j *owned, call Call, after string, do func(ctx context.Context, cl *client.Client, call *Call) error) Call {
	made := c.try(ctx, call, do)
	switch made.Answer {
	case OK:
		j.status = after
	case Unknown:
		j.leave = time.Now().Add(settles + time.Second)
	}
	return made
}

// retry retries the last execution of a job that did not go well.
func (c *caller) retry(ctx context.Context, j *owned) {
	page, err := c.node().client.JobExecutions(ctx, j.order.id, client.ExecutionQuery{Statuses: []job.Status{job.Failed, job.TimedOut}, Limit: 5})
	if err != nil || len(page.Items) == 0 {
		return
	}
	of := page.Items[c.dice.IntN(len(page.Items))].ID.String()
	c.insist(ctx, Call{Op: "retry", Job: j.order.name, Of: of}, func(ctx context.Context, cl *client.Client, call *Call) error {
		e, err := cl.Retry(ctx, of, api.Retry{}, client.Write{IdempotencyKey: call.Key})
		if err == nil {
			call.Execution = e.ID.String()
		}
		return err
	})
}

// read looks at a job, and takes over what it sees.
func (c *caller) read(ctx context.Context, j *owned) bool {
	made := c.try(ctx, Call{Op: "read", Job: j.order.name}, func(ctx context.Context, cl *client.Client, call *Call) error {
		seen, err := cl.Job(ctx, j.order.id)
		if job.CodeOf(err) == job.NotFound {
			return nil // that is an answer too
		}
		call.Status, call.Schedule = string(seen.Status), seen.Schedule
		return err
	})
	if made.Answer == OK {
		j.status = made.Status
	}
	return made.Answer == OK
}
