package control

import (
	"encoding/json"
	"path"
	"slices"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
)

// EventFilter says which events a follower wants. Zero values do not restrict.
type EventFilter struct {
	Names []string // globs: * and ? match
	Jobs  []string // ids or names
}

// Check refuses patterns that cannot be read.
func (f *EventFilter) Check() error {
	for _, glob := range f.Names {
		if _, err := path.Match(glob, ""); err != nil || len(glob) > job.MaxNameLen {
			return fieldError("event", "pattern", "%.80q is not a name with * and ?", glob)
		}
	}
	return nil
}

// FollowEvents tells what happens on the platforms that the call reaches, from after the
// event with the id on; "" = from now on. keep says which of the events these are. The
// caller leaves when it has enough.
func (s *Service) FollowEvents(c Call, f EventFilter, after string) (w *Follower, keep func(e *queue.Event) bool, err error) {
	scope, err := c.scope()
	if err != nil {
		return nil, nil, err
	}
	if err := f.Check(); err != nil {
		return nil, nil, err
	}
	if s.feed.bus == nil {
		return nil, nil, job.Errorf(job.Unavailable, "this node has no events to follow")
	}
	w, err = s.feed.follow(after)
	return w, func(e *queue.Event) bool { return f.wants(e, scope) }, err
}

// wants reports whether an event of the bus is for who may see the scope.
func (f *EventFilter) wants(e *queue.Event, scope string) bool {
	matches := func(glob string) bool { ok, _ := path.Match(glob, e.Name); return ok }
	if len(f.Names) > 0 && !slices.ContainsFunc(f.Names, matches) {
		return false
	}
	if scope == AnyPlatform && len(f.Jobs) == 0 {
		return true
	}
	var about struct {
		JobID    string `json:"job_id"`
		JobName  string `json:"job_name"`
		Platform string `json:"platform_id"`
	}
	if json.Unmarshal(e.Data, &about) != nil || scope != AnyPlatform && about.Platform != scope {
		return false
	}
	return len(f.Jobs) == 0 || slices.Contains(f.Jobs, about.JobID) || slices.Contains(f.Jobs, about.JobName)
}
