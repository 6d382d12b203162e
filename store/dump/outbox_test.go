package dump_test

import (
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/dump"
	"github.com/agentic-sdlc/scheduler/store/storetest"
)

// TestBacklogOfEvents imports more events than a young database has had transactions:
// they keep their order, and what comes later comes after them.
func TestBacklogOfEvents(t *testing.T) {
	t.Parallel()
	const n = 6000
	event := []byte{6, 2, 1, 'x', 0} // an event of job 1, named x
	rows := func(yield func(dump.Row, error) bool) {
		for i := range int64(n) {
			if !yield(dump.Row{Table: dump.Outbox, Values: []any{i, event}}, nil) {
				return
			}
		}
	}
	for _, to := range []place{file(t), database(t)} {
		target := to.open(t)
		_, err := target.Import(t.Context(), iter.Seq2[dump.Row, error](func(yield func(dump.Row, error) bool) {
			if yield(dump.Row{Table: dump.Store, Values: []any{"test", int64(2)}}, nil) {
				rows(yield)
			}
		}))
		if err != nil {
			t.Fatalf("%s: Import = %v, want no error", to.name, err)
		}
		if err := target.SetHold(t.Context(), store.Hold{Kind: store.HoldMaintenance}); err != nil {
			t.Fatal(err)
		}
		j := job.Job{ID: job.ID{1}, Platform: "default", Spec: job.Spec{Name: "x", Type: job.TypeEvent, Priority: job.PriorityMedium}, Status: job.JobActive}
		if _, _, err := target.CreateJob(t.Context(), store.CreateJob{Job: j}); err != nil {
			t.Fatal(err)
		}
		got, err := target.Outbox(t.Context(), 0, 2*n)
		if err != nil || len(got) != n+1 {
			t.Fatalf("%s: Outbox = %d rows, %v; want %d", to.name, len(got), err, n+1)
		}
		for i := range n {
			if got[i].At.UnixMicro() != int64(i) || got[i].Events[0].Name != "x" || got[i+1].Position <= got[i].Position {
				t.Fatalf("%s: row %d is %+v, then comes position %d", to.name, i, got[i], got[i+1].Position)
			}
		}
	}
}

// TestEventIDsAcrossMoves moves a store whose events are all published to a database and
// back: positions begin anew in each place, and no event has the id of an earlier one.
func TestEventIDsAcrossMoves(t *testing.T) {
	t.Parallel()
	const n = 40
	ids := map[string]bool{}
	positions := map[int64]int{}
	s, at := file(t).open(t), storetest.Base
	for stop, to := range []place{{}, database(t), file(t), database(t)} {
		if stop > 0 {
			s = moved(t, s, to)
		}
		for i := range n {
			at = at.Add(time.Second)
			j := job.Job{ID: job.ID{byte(stop), byte(i), 1}, Platform: "default", Spec: job.Spec{Name: fmt.Sprint(stop, i), Type: job.TypeEvent, Priority: job.PriorityMedium}, Status: job.JobActive}
			if _, _, err := s.CreateJob(t.Context(), store.CreateJob{Job: j, Now: at}); err != nil {
				t.Fatal(err)
			}
		}
		rows, err := s.Outbox(t.Context(), 0, 1000)
		if err != nil || len(rows) != n {
			t.Fatalf("Outbox = %d rows, %v; want %d", len(rows), err, n)
		}
		for _, row := range rows {
			positions[row.Position]++
			for _, e := range row.Events {
				if ids[e.ID] {
					t.Errorf("stop %d: the id %s was used before", stop, e.ID)
				}
				ids[e.ID] = true
			}
		}
		if err := s.TrimOutbox(t.Context(), rows[n-1].Position); err != nil {
			t.Fatal(err)
		}
	}
	if len(positions) == 4*n {
		t.Error("every position was used once: the test shows nothing")
	}
}
