package metrics

import (
	"context"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// What the store is asked for.
const (
	opPlan  = "plan"
	opClaim = "claim"
	opEnd   = "settle"
	opBeat  = "heartbeat"
	opFold  = "fold"
	opAct   = "act"
)

var ops = []string{opPlan, opClaim, opEnd, opBeat, opFold, opAct}

// What comes of an act of an event.
const (
	actDone   = "done"
	actFailed = "failed"
)

// Watched is a store whose use is counted.
type Watched struct {
	store.Store

	m *Metrics
}

// Watch returns a store that does what s does, and counts it.
func (m *Metrics) Watch(s store.Store) *Watched { return &Watched{Store: s, m: m} }

// note counts one use of the store.
func (w *Watched) note(op string, began time.Time, err error) {
	w.m.store.WithLabelValues(op).Observe(w.m.o.Now().Sub(began).Seconds())
	if err != nil {
		w.m.faults.WithLabelValues(op).Inc()
	}
}

// PlanDue counts how late runs are and what is skipped.
func (w *Watched) PlanDue(ctx context.Context, p store.PlanDue) (store.Planned, error) {
	began := w.m.o.Now()
	planned, err := w.Store.PlanDue(ctx, p)
	w.note(opPlan, began, err)
	for i := range planned.Claimed {
		w.m.lag.Observe(max(0, p.Now.Sub(planned.Claimed[i].ScheduledAt).Seconds()))
	}
	w.m.skipped.Add(float64(planned.Skipped))
	return planned, err
}

// Claim measures claims.
func (w *Watched) Claim(ctx context.Context, c store.Claim) (store.Claims, error) {
	began := w.m.o.Now()
	claims, err := w.Store.Claim(ctx, c)
	w.note(opClaim, began, err)
	return claims, err
}

// Settle counts ends.
func (w *Watched) Settle(ctx context.Context, now time.Time, batch []store.Settlement) (store.Settled, error) {
	began := w.m.o.Now()
	settled, err := w.Store.Settle(ctx, now, batch)
	w.note(opEnd, began, err)
	if err != nil {
		return settled, err
	}
	w.m.ended(batch, settled.Fenced)
	return settled, nil
}

// ended counts a batch: what is counted together is added once.
func (m *Metrics) ended(batch []store.Settlement, fenced []int) {
	ends := map[job.Status]int{}
	retried, dead := 0, 0
	for i := range batch {
		s := &batch[i]
		if slices.Contains(fenced, i) {
			continue
		}
		if s.Event == job.EventRetry {
			retried++
		}
		if s.DeadReason != "" {
			dead++
		}
		status, _ := job.Running.Next(s.Event)
		if status == job.Pending {
			continue
		}
		ends[status]++
		if status == job.Success && !s.StartedAt.IsZero() {
			m.took.Observe(s.CompletedAt.Sub(s.StartedAt).Seconds())
		}
	}
	for status, n := range ends {
		m.executions.WithLabelValues(string(status)).Add(float64(n))
	}
	m.retries.Add(float64(retried))
	m.dead.Add(float64(dead))
}

// Heartbeat measures heartbeats.
func (w *Watched) Heartbeat(ctx context.Context, b store.Beat) (store.Pulse, error) {
	began := w.m.o.Now()
	pulse, err := w.Store.Heartbeat(ctx, b)
	w.note(opBeat, began, err)
	return pulse, err
}

// Fold measures the folding of counters.
func (w *Watched) Fold(ctx context.Context) error {
	began := w.m.o.Now()
	err := w.Store.Fold(ctx)
	w.note(opFold, began, err)
	return err
}

// Act counts events and what they made happen.
func (w *Watched) Act(ctx context.Context, a store.Act) (store.Acted, error) {
	began := w.m.o.Now()
	acted, err := w.Store.Act(ctx, a)
	w.note(opAct, began, err)
	w.m.events.Add(float64(acted.Events))
	w.m.acts.WithLabelValues(actDone).Add(float64(max(0, acted.Acts-acted.Failed)))
	w.m.acts.WithLabelValues(actFailed).Add(float64(acted.Failed))
	return acted, err
}
