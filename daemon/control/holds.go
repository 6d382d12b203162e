package control

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Maintenance says whether everything is stopped, and why.
func (s *Service) Maintenance(ctx context.Context, c Call) (api.Maintenance, error) {
	holds, err := s.store.Holds(ctx, c.Now)
	if err != nil {
		return api.Maintenance{}, err
	}
	for i := range holds {
		if h := &holds[i]; h.Kind == store.HoldMaintenance {
			return api.Maintenance{On: true, Since: &h.Since, Until: h.Until, By: h.By, Reason: h.Reason}, nil
		}
	}
	return api.Maintenance{}, nil
}

// BeginMaintenance stops planning and starting everywhere. What runs goes on. Said
// again it changes how long, and why.
func (s *Service) BeginMaintenance(ctx context.Context, c Call, in *api.Stop) (api.Maintenance, error) {
	if err := c.everywhere("maintenance"); err != nil {
		return api.Maintenance{}, err
	}
	if err := s.hold(ctx, c, store.Hold{Kind: store.HoldMaintenance}, in, "maintenance begun"); err != nil {
		return api.Maintenance{}, err
	}
	return s.Maintenance(ctx, c)
}

// EndMaintenance goes on with everything.
func (s *Service) EndMaintenance(ctx context.Context, c Call) error {
	if err := c.everywhere("maintenance"); err != nil {
		return err
	}
	return s.release(ctx, c, store.HoldMaintenance, "", "maintenance ended")
}

// PauseDispatch keeps executions of a platform, or of all of them, from starting.
// They are planned and recorded all the same.
func (s *Service) PauseDispatch(ctx context.Context, c Call, in *api.Stop) (api.Hold, error) {
	platform, err := c.target()
	if err != nil {
		return api.Hold{}, err
	}
	if err := s.hold(ctx, c, store.Hold{Kind: store.HoldDispatch, Platform: platform}, in, "dispatch paused"); err != nil {
		return api.Hold{}, err
	}
	holds, err := s.store.Holds(ctx, c.Now)
	for i := range holds {
		if h := &holds[i]; h.Kind == store.HoldDispatch && h.Platform == platform {
			return heldBy(h), err
		}
	}
	return api.Hold{}, err
}

// ResumeDispatch undoes PauseDispatch for the same platform, or for all of them.
func (s *Service) ResumeDispatch(ctx context.Context, c Call) error {
	platform, err := c.target()
	if err != nil {
		return err
	}
	return s.release(ctx, c, store.HoldDispatch, platform, "dispatch resumed")
}

// target is the platform whose dispatch is meant; "" = all of them.
func (c Call) target() (string, error) {
	scope, err := c.scope()
	if err != nil || scope != AnyPlatform {
		return scope, err
	}
	return "", nil
}

// hold completes a hold and sets it.
func (s *Service) hold(ctx context.Context, c Call, h store.Hold, in *api.Stop, what string) (err error) {
	if h.Until, err = stopEnd(in, c.Now); err != nil {
		return err
	}
	if h.Reason, err = reasonOf(c, in.Reason); err != nil {
		return err
	}
	h.Since, h.By = c.Now, c.Principal.Name
	c.Reason = h.Reason
	if err := s.store.SetHold(c.trail(ctx, strings.Replace(what, " ", ".", 1)), h); err != nil {
		return err
	}
	s.o.Beat()
	s.did(ctx, c, what, slog.String("platform", orAll(h.Platform)))
	return nil
}

func (s *Service) release(ctx context.Context, c Call, kind store.HoldKind, platform, what string) error {
	released, err := s.store.ReleaseHold(c.trail(ctx, strings.Replace(what, " ", ".", 1)), kind, platform, c.Now)
	if err != nil || !released {
		return err
	}
	s.o.Beat()
	s.o.Wake()
	s.o.Kick()
	s.did(ctx, c, what, slog.String("platform", orAll(platform)))
	return nil
}

func orAll(platform string) string { return first(platform, "all") }

// maxStop bounds how far ahead the end of a stop may be.
const maxStop = 10 * 366 * 24 * time.Hour

// stopEnd is when a stop ends by itself; nil = never.
func stopEnd(in *api.Stop, now time.Time) (*time.Time, error) {
	var p job.Problems
	until := in.Until
	switch {
	case in.Until != nil && in.For != "":
		p.Add("for", "contradiction", "give until or for, not both")
	case in.For != "":
		d, err := time.ParseDuration(in.For)
		if err != nil || d <= 0 || d > maxStop {
			p.Add("for", "syntax", `%.40q is not a duration such as "2h30m"`, in.For)
			break
		}
		at := now.Add(d)
		until = &at
	case in.Until != nil && !in.Until.After(now):
		p.Add("until", "out_of_range", "is past already")
	case in.Until != nil && in.Until.After(now.Add(maxStop)):
		p.Add("until", "out_of_range", "is more than ten years ahead")
	}
	return until, p.Err()
}

// heldBy is a hold as the API shows it.
func heldBy(h *store.Hold) api.Hold {
	return api.Hold{Kind: string(h.Kind), Platform: h.Platform, Since: h.Since, Until: h.Until, EndedAt: h.EndedAt, By: h.By, Reason: h.Reason}
}

// heldByAll are holds as the API shows them, those of a platform's reach only.
func heldByAll(holds []store.Hold, scope string) []api.Hold {
	list := []api.Hold{}
	for i := range holds {
		if scope == AnyPlatform || holds[i].Covers(scope) {
			list = append(list, heldBy(&holds[i]))
		}
	}
	return list
}

// maintenance are the windows that stood at some time in [from, to).
func (s *Service) maintenance(ctx context.Context, from, to time.Time) ([]api.Hold, error) {
	holds, err := s.store.PastHolds(ctx, from, to)
	holds = slices.DeleteFunc(holds, func(h store.Hold) bool { return h.Kind != store.HoldMaintenance })
	return heldByAll(holds, AnyPlatform), err
}

// sayHold puts a hold into words.
func sayHold(h *store.Hold, now time.Time) string {
	text := "maintenance"
	switch {
	case h.Kind == store.HoldDispatch && h.Platform == "":
		text = "dispatch paused on all platforms"
	case h.Kind == store.HoldDispatch:
		text = fmt.Sprintf("dispatch of platform %s paused", h.Platform)
	}
	text += " from " + h.Since.Format(time.RFC3339)
	switch end := h.End(); {
	case end == nil:
		text += " on"
	case end.After(now):
		text += ", to end at " + end.Format(time.RFC3339)
	default:
		text += " to " + end.Format(time.RFC3339)
	}
	if h.By != "" {
		text += ", by " + h.By
	}
	if h.Reason != "" {
		text += ": " + h.Reason
	}
	return text
}
