package chaos

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// far is a schedule that names no time of the run.
const far = "0 0 0 1 1 * 2090"

// schedules are what edits choose from.
var schedules = []string{"* * * * * *", "*/2 * * * * *", "*/3 * * * * *", "*/4 * * * * *", "*/5 * * * * *", "*/6 * * * * *", "*/10 * * * * *", "3,17,40 * * * * *"}

// order is a job to create.
type order struct {
	name  string
	id    string // chosen by us, so that it can be found when it is over
	spec  Spec
	input api.JobInput
	typ   job.Type
}

// maker makes orders from a seed.
type maker struct {
	dice    *rand.Rand
	witness *witness
	marks   string
	self    string // this binary
	prefix  string // of names: makers share none
	made    int
}

func newMaker(w *site, dice *rand.Rand, prefix string) *maker {
	self, err := os.Executable()
	if err != nil {
		w.Fatal(err)
	}
	return &maker{dice: dice, witness: w.witness, marks: w.marks, self: self, prefix: prefix}
}

// chance is true so many times of a hundred.
func chance(dice *rand.Rand, percent int) bool { return dice.IntN(100) < percent }

// blank makes an order with a name and an id.
func (m *maker) blank(kind string) *order {
	m.made++
	id := fmt.Sprintf("01990000-0000-7000-8%03x-%012x", m.dice.IntN(1<<12), m.dice.Int64N(1<<48))
	return &order{name: fmt.Sprintf("%s-%s%03d", kind, m.prefix, m.made), id: id}
}

// next makes an order of any kind. length is what is left of the run.
func (m *maker) next(length time.Duration) *order {
	o := m.blank("job")
	s := &o.spec
	s.Platform = []string{"default", "acme", "zeta"}[m.dice.IntN(3)]
	m.when(o, length)
	do, ms, timeout := m.what()
	s.Behaviour = do
	s.Retries, s.DelayMS = m.dice.IntN(4), int64(200+100*m.dice.IntN(8))
	s.OnLost = []string{"retry", "fail"}[m.dice.IntN(2)]
	s.Places = 1
	overlap := m.dice.IntN(2) == 0
	if overlap {
		s.Places = 1 + m.dice.IntN(4)
	}
	o.input.AllowOverlap, o.input.Concurrency = &overlap, &s.Places
	o.input.MaxRetries, o.input.RetryDelayMS, o.input.OnLost = &s.Retries, &s.DelayMS, new(job.OnLost(s.OnLost))
	o.input.RetryBackoff, o.input.TimeoutMS = new(job.BackoffFixed), &timeout
	o.input.ID, o.input.Name, o.input.PlatformID, o.input.Timezone = &o.id, &o.name, &s.Platform, new("UTC")
	m.handler(o, do, ms, chance(m.dice, 20))
	return o
}

// when chooses the times.
func (m *maker) when(o *order, length time.Duration) {
	s := &o.spec
	now := time.Now().UTC().Truncate(time.Second)
	switch d := m.dice.IntN(100); {
	case d < 10:
		s.Type, o.typ = "one_time", job.TypeOneTime
		s.At = now.Add(2*time.Second + time.Duration(m.dice.Int64N(int64(max(length, time.Second)))).Truncate(time.Second))
		o.input.ExecuteAt = &s.At
		return
	case d < 50:
		s.Type, o.typ, s.Schedule = "cron", job.TypeCron, schedules[m.dice.IntN(len(schedules))]
	default:
		s.Type, o.typ, s.Start = "recurring", job.TypeRecurring, now
		s.Schedule = schedules[m.dice.IntN(len(schedules))]
		if chance(m.dice, 30) {
			s.Schedule = fmt.Sprintf("@every %ds", 1+m.dice.IntN(10))
		}
		if chance(m.dice, 30) {
			s.Limit = int64(3 + m.dice.IntN(10))
			o.input.MaxExecutions = &s.Limit
		}
		o.input.StartDate = &s.Start
	}
	o.input.Schedule = &s.Schedule
}

// what chooses what the handler does, how long it takes and how long it may, in
// milliseconds.
func (m *maker) what() (do string, ms int, timeout int64) {
	switch d := m.dice.IntN(100); {
	case d < 50:
		return "ok", 5 + m.dice.IntN(300), 30_000
	case d < 68:
		return "ok", 1000 + m.dice.IntN(4000), 30_000 // slow
	case d < 82:
		return "flaky", 5 + m.dice.IntN(200), 30_000
	case d < 90:
		return "fail", 5 + m.dice.IntN(100), 30_000
	default:
		return "hang", 20_000, int64(500 + m.dice.IntN(500))
	}
}

// handler chooses how the work is called: a command, or an HTTP request.
func (m *maker) handler(o *order, do string, ms int, command bool) {
	var payload map[string]any
	name := "http"
	if command {
		name = "exec"
		payload = map[string]any{"command": []string{m.self, "witness", m.marks, do, fmt.Sprint(ms)}}
	} else {
		payload = map[string]any{"method": "POST", "url": fmt.Sprintf("%s/%s/%s?do=%s&ms=%d", m.witness.url, o.spec.Platform, o.name, do, ms)}
	}
	o.input.HandlerName = &name
	o.input.Payload, _ = json.Marshal(payload)
}

// crasher makes a one-time job whose command kills its daemon, once or each time.
func (m *maker) crasher(do string, after time.Duration) *order {
	o := m.blank(do)
	o.typ = job.TypeOneTime
	o.spec = Spec{Platform: "default", Type: "one_time", At: time.Now().UTC().Truncate(time.Second).Add(after), OnLost: "retry", Places: 1, Behaviour: do, DelayMS: 200}
	o.input = api.JobInput{ID: &o.id, Name: &o.name, ExecuteAt: &o.spec.At, MaxRetries: &o.spec.Retries, RetryDelayMS: &o.spec.DelayMS, OnLost: new(job.OnLostRetry), PlatformID: &o.spec.Platform}
	m.handler(o, do, 50, true)
	return o
}

// crashes says whether a handler of the workload may have killed a daemon.
func crashes(name string) bool {
	return strings.HasPrefix(name, "crash-") || strings.HasPrefix(name, "poison-")
}
