//go:build linux

package crash

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// gap is a pause: slots after from and up to to are not due.
type gap struct{ from, to time.Time }

// churn changes jobs through the API. What was answered must hold, even if schedd is
// killed the moment after: it is checked at the next churn and at the end.
func (w *load) churn(i int) {
	w.t.Helper()
	ctx := w.t.Context()
	w.kept()
	name := fmt.Sprintf("kept-%03d", i)
	at := time.Now().Add(24 * time.Hour)
	if _, err := w.client.CreateJob(ctx, job.TypeOneTime, api.JobInput{
		Name: &name, ExecuteAt: &at, HandlerName: new("exec"), Payload: payload(w.t, "fork", "x"),
	}, client.Write{}); err != nil {
		w.t.Fatal(err)
	}
	w.made = append(w.made, name)

	p := &w.promises[4+10*(i%3)] // see quiesce
	var err error
	if p.held {
		err = w.client.Resume(ctx, p.name, api.Resume{}, client.Write{})
	} else {
		err = w.client.Pause(ctx, p.name, api.Pause{})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	j, err := w.client.Job(ctx, p.name)
	if err != nil {
		w.t.Fatal(err)
	}
	if p.held = !p.held; p.held {
		p.gaps = append(p.gaps, gap{from: *j.PausedAt})
	} else {
		p.gaps[len(p.gaps)-1].to = j.UpdatedAt
	}
}

// kept checks what was answered before.
func (w *load) kept() {
	w.t.Helper()
	if len(w.made) > 0 && !w.all(job.JobActive, w.made...) {
		w.t.Errorf("a job of %q was created and is no longer there", w.made)
	}
	for i := range w.promises {
		p := &w.promises[i]
		if len(p.gaps) == 0 {
			continue
		}
		want := job.JobActive
		if p.held {
			want = job.JobPaused
		}
		if !w.all(want, p.name) {
			w.t.Errorf("%s is not %s, as the answer was", p.name, want)
		}
	}
}

// due says whether no pause covers the slot.
func (p *promise) due(slot time.Time) bool {
	for _, g := range p.gaps {
		if slot.After(g.from) && (g.to.IsZero() || !slot.After(g.to)) {
			return false
		}
	}
	return true
}

// quiet looks for what schedd should never have said.
func (s *site) quiet() {
	s.t.Helper()
	text, err := os.ReadFile(s.path("log"))
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "level=ERROR") || strings.Contains(line, "panic") {
			s.t.Errorf("schedd says: %s", line)
		}
	}
}
