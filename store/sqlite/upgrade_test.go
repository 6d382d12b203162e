package sqlite

import (
	"context"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// TestUpgrade opens a database of the first schema, with a job, a run that a session
// holds, and a dead letter: nothing is lost, and what came
// since works on it.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	at := time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)
	ids := &job.IDs{Rand: zeros{}}
	ids.New(at) // the job's
	runs := [2]job.ID{ids.New(at), ids.New(at)}
	path := load(t, 1)

	s, err := Open(ctx, Options{Path: path, Instance: "new", Synchronous: "normal"})
	if err != nil {
		t.Fatalf("Open = %v, want no error", err)
	}
	defer s.Close()
	if info, err := s.Info(ctx); err != nil || info.Schema < 2 || info.Instance != "old" {
		t.Errorf("Info = %+v, %v; want schema 2 or later of the instance old", info, err)
	}
	sessions, err := s.ListSessions(ctx, at)
	if err != nil || len(sessions) != 1 || sessions[0].Node != "node-a" || sessions[0].Roles == nil || sessions[0].Slots != 0 || sessions[0].Draining {
		t.Errorf("ListSessions = %+v, %v; want node-a that tells nothing", sessions, err)
	}
	if err := s.DrainNode(ctx, store.DrainNode{Node: "node-a", Drain: true, Now: at}); err != nil {
		t.Errorf("DrainNode = %v, want no error", err)
	}
	if reaped, err := s.Reap(ctx, at, 10); err != nil || reaped != (store.Reaped{Sessions: 1, Restarted: 1}) {
		t.Errorf("Reap = %+v, %v; want the run of the earlier life restarted", reaped, err)
	}
	now := at.Add(time.Minute)
	if err := s.OpenSession(ctx, store.Session{ID: 10, Node: "node-b", StartedAt: now, LeaseUntil: now.Add(time.Hour), Roles: []string{"worker"}, Slots: 4}); err != nil {
		t.Fatalf("OpenSession = %v, want no error", err)
	}
	planned, err := s.PlanDue(ctx, store.PlanDue{
		Now: now, Limit: 10, Policy: job.DefaultPolicy(), NewID: func() job.ID { return ids.New(now) }, Session: 10, Take: func(*job.Job) bool { return true },
	})
	if err != nil || len(planned.Claimed) != 1 || planned.Claimed[0].Number != 3 {
		t.Errorf("PlanDue = %+v, %v; want run 3 born claimed", planned, err)
	}
	claims, err := s.Claim(ctx, store.Claim{Session: 10, IDs: runs[:], Now: now})
	if claimed := claims.Claimed; err != nil || len(claimed) != 1 || claimed[0].ID != runs[0] || claimed[0].Attempt != 2 {
		t.Errorf("Claim = %+v, %v; want attempt 2 of run 1", claimed, err)
	}
	if e, err := s.DropDead(ctx, store.DropDead{Platform: job.DefaultPlatform, Ref: "backup/2", Now: now}); err != nil || e.Dead || e.Status != job.Failed {
		t.Errorf("DropDead = %+v, %v; want a failed execution that is not dead any more", e, err)
	}
}

// zeros is no randomness.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
