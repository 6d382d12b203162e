//go:build linux

package crash

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/schedule/oracle"
)

// load is the jobs of a test, and what the API promised about them.
type load struct {
	*site
	witness  string
	promises []promise
	made     []string // jobs that churn created
}

// payload is an exec handler's that runs this binary.
func payload(t *testing.T, args ...string) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(map[string]any{"command": append([]string{self(t)}, args...)})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// newLoad creates 30 jobs of all kinds.
func newLoad(t *testing.T, s *site, kills int) *load {
	t.Helper()
	w := &load{site: s, witness: s.path("witness")}
	for i := range 30 {
		ms := 5 + i
		if i%7 == 3 {
			ms = 1300 // there will be overlaps
		}
		in := api.JobInput{
			Name: new(fmt.Sprintf("job-%02d", i)), HandlerName: new("exec"), Payload: payload(t, "witness", w.witness, fmt.Sprint(ms), fmt.Sprint(i%8 == 5)),
			MaxRetries: new(3), RetryDelayMS: new(int64(100)), AllowOverlap: new(i%4 < 2), OnLost: new(job.OnLostRetry), Concurrency: new(1),
		}
		p := promise{name: *in.Name, alone: i%4 >= 2, flaky: i%8 == 5}
		if !p.alone {
			in.Concurrency = new(4)
		}
		if i%2 == 0 {
			p.once = true
			in.MaxRetries, in.OnLost = new(0), new(job.OnLostFail)
		}
		kind := job.TypeCron // has neither end nor limit
		p.oracle = oracle.Spec{Zone: "UTC", Expr: "* * * * * *"}
		switch {
		case i%10 == 7:
			p.oracle.Expr = "@every 2s"
		case i%3 > 0:
			p.oracle.Expr = fmt.Sprintf("*/%d * * * * *", 1+i%3)
		}
		if i%10 != 4 && i%10 != 9 {
			kind, p.oracle.Start = job.TypeRecurring, time.Now().UTC().Truncate(time.Second)
			in.StartDate = &p.oracle.Start
		}
		if i < 2 {
			p.limit = int64(5 + kills/3)
			in.MaxExecutions = &p.limit
		}
		in.Schedule, in.Timezone = &p.oracle.Expr, &p.oracle.Zone
		j, err := s.client.CreateJob(t.Context(), kind, in, client.Write{})
		if err != nil {
			t.Fatal(err)
		}
		p.created, p.oracle.Anchor, p.until = j.CreatedAt, j.CreatedAt, j.CreatedAt
		if in.StartDate != nil {
			p.oracle.Anchor = *in.StartDate
		}
		w.promises = append(w.promises, p)
	}
	return w
}
