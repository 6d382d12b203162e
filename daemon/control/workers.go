package control

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Workers returns the nodes of the last day, by name.
func (s *Service) Workers(ctx context.Context, c Call) ([]api.Worker, error) {
	sessions, err := s.store.ListSessions(ctx, c.Now)
	if err != nil {
		return nil, err
	}
	newest := map[string]*store.Session{}
	for i := range sessions {
		one := &sessions[i]
		if had := newest[one.Node]; had == nil || ahead(one, had) {
			newest[one.Node] = one
		}
	}
	workers := make([]api.Worker, 0, len(newest))
	for _, one := range newest {
		w := worker(one, c.Now)
		if c.Principal.reach() != AnyPlatform { // that would count what others run
			w.Running = 0
		}
		workers = append(workers, w)
	}
	slices.SortFunc(workers, func(a, b api.Worker) int { return cmp.Compare(a.Node, b.Node) })
	return workers, nil
}

// ahead reports whether a session says more about its node than another: it is open
// while the other is not, or it is newer.
func ahead(a, b *store.Session) bool {
	if open := a.ClosedAt == nil; open != (b.ClosedAt == nil) {
		return open
	}
	return a.StartedAt.After(b.StartedAt)
}

// Worker returns one node.
func (s *Service) Worker(ctx context.Context, c Call, node string) (api.Worker, error) {
	workers, err := s.Workers(ctx, c)
	if err != nil {
		return api.Worker{}, err
	}
	names := make([]string, len(workers))
	for i := range workers {
		if workers[i].Node == node {
			return workers[i], nil
		}
		names[i] = workers[i].Node
	}
	missing := job.Errorf(job.NotFound, "worker %.80q not found", node)
	if near := job.Nearest(node, names); near != "" {
		return api.Worker{}, missing.WithHint("did you mean %s?", near)
	}
	return api.Worker{}, missing.WithHint("the workers of the last day: schedctl worker list")
}

// Drain tells a node to take no new work, or to take it again. A node that is told so
// already stays as it is.
func (s *Service) Drain(ctx context.Context, c Call, node string, drain bool, in *api.Drain) (api.Worker, error) {
	before, err := s.Worker(ctx, c, node)
	if err != nil {
		return api.Worker{}, err
	}
	if err := c.everywhere("a worker"); err != nil {
		return api.Worker{}, err
	}
	reason, err := reasonOf(c, in.Reason)
	if err != nil || before.Draining == drain {
		return before, err
	}
	c.Reason = reason
	what := "worker undrained"
	if drain {
		what = "worker drained"
	}
	if err := s.store.DrainNode(c.trail(ctx, strings.Replace(what, " ", ".", 1)), store.DrainNode{Node: node, Drain: drain, By: c.Principal.Name, Reason: reason, Now: c.Now}); err != nil {
		return api.Worker{}, err
	}
	s.o.Beat()
	s.o.Kick()
	s.did(ctx, c, what, slog.String("node", node))
	return s.Worker(ctx, c, node)
}

// maxReason bounds a reason that is kept, in bytes.
const maxReason = 1 << 10

// reasonOf is why a call was made: what its body says, or its header.
func reasonOf(c Call, body string) (string, error) {
	reason := first(body, c.Reason)
	if len(reason) > maxReason || strings.ContainsFunc(reason, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }) {
		return "", fieldError("reason", "text", "must be one line of printable text, at most %d bytes", maxReason)
	}
	return reason, nil
}

// worker is a session as the API shows its node.
func worker(s *store.Session, now time.Time) api.Worker {
	w := api.Worker{
		Node: s.Node, State: api.WorkerActive, Roles: s.Roles, Running: s.Running, Slots: s.Slots, Commands: s.Commands, Handlers: s.Handlers,
		Version: s.Version, StartedAt: s.StartedAt, HeartbeatAt: s.HeartbeatAt, LeaseUntil: s.LeaseUntil, StoppedAt: s.ClosedAt,
		Draining: s.Draining, DrainedAt: s.DrainedAt, DrainedBy: s.DrainedBy, DrainReason: s.DrainReason,
	}
	switch {
	case s.ClosedAt != nil && !s.LeaseUntil.Before(*s.ClosedAt):
		w.State = api.WorkerStopped // whoever says goodbye ends the lease with that
	case s.ClosedAt != nil, !s.LeaseUntil.After(now):
		w.State = api.WorkerLost
	case s.Draining:
		w.State = api.WorkerDraining
	}
	return w
}
