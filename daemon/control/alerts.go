package control

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// AlertMessage is what a channel is told to try it.
type AlertMessage struct{ Subject, Text string }

// AlertOptions say what this node has to look at rules and to tell people. Nil functions
// leave a part out.
type AlertOptions struct {
	Channels []api.AlertChannel
	// Reach returns those of the named channels, or types, that tell alerts of a platform.
	Reach func(platform string, named []string) []string
	// Try says what a rule would find now.
	Try func(ctx context.Context, now time.Time, r *alert.Rule) (alert.Round, error)
	// Send tells one channel something.
	Send func(ctx context.Context, channel, platform string, m AlertMessage) error
}

// Filter and page of alerts.
type (
	AlertFilter = store.AlertFilter
	AlertPage   = store.Page[api.Alert]
)

// Alerts returns one page of alerts, the newest first.
func (s *Service) Alerts(ctx context.Context, c Call, f AlertFilter) (out AlertPage, err error) {
	if f.Platform, err = c.scope(); err != nil {
		return out, err
	}
	page, err := s.store.ListAlerts(ctx, f)
	if err != nil {
		return out, err
	}
	out = AlertPage{Items: make([]api.Alert, len(page.Items)), Next: page.Next, Total: page.Total}
	for i := range page.Items {
		out.Items[i] = alertOf(&page.Items[i])
	}
	return out, nil
}

// Alert returns one alert with its history.
func (s *Service) Alert(ctx context.Context, c Call, ref string) (api.Alert, error) {
	scope, number, err := s.alertRef(c, ref)
	if err != nil {
		return api.Alert{}, err
	}
	a, err := s.store.Alert(ctx, scope, number)
	if err != nil {
		return api.Alert{}, err
	}
	return turned(&a), nil
}

// alertRef reads how an alert is named, within the caller's scope.
func (s *Service) alertRef(c Call, ref string) (scope string, number int64, err error) {
	if scope, err = c.scope(); err != nil {
		return "", 0, err
	}
	number, ok := alert.ParseID(ref)
	if !ok {
		return "", 0, job.Errorf(job.NotFound, "alert %.80q not found", ref).WithHint("an alert is named by its id, such as a17: schedctl alert list")
	}
	return scope, number, nil
}

// AcknowledgeAlert says that somebody is at it, until an instant or until it is resolved.
func (s *Service) AcknowledgeAlert(ctx context.Context, c Call, ref string, in *api.Stop) (api.Alert, error) {
	return s.quiet(ctx, c, ref, in, alert.Acknowledged)
}

// SilenceAlert keeps an alert from telling anybody, and those of the same cause that come
// before the silence ends.
func (s *Service) SilenceAlert(ctx context.Context, c Call, ref string, in *api.Stop) (api.Alert, error) {
	return s.quiet(ctx, c, ref, in, alert.Silenced)
}

func (s *Service) quiet(ctx context.Context, c Call, ref string, in *api.Stop, state alert.State) (api.Alert, error) {
	end, err := stopEnd(in, c.Now)
	if err != nil {
		return api.Alert{}, err
	}
	var until time.Time
	if end != nil {
		until = end.UTC().Truncate(time.Microsecond)
	}
	if until.After(c.Now.Add(alert.MaxQuiet)) {
		return api.Alert{}, fieldError("until", "out_of_range", "is more than 366 days ahead")
	}
	return s.turn(ctx, c, ref, in.Reason, state, func(a *alert.Alert, reason string) error {
		return a.Quiet(state, c.Now, until, c.Principal.Name, reason)
	})
}

// UnsilenceAlert takes a silence, or an acknowledgement, back.
func (s *Service) UnsilenceAlert(ctx context.Context, c Call, ref string, in *api.AlertReason) (api.Alert, error) {
	return s.turn(ctx, c, ref, in.Reason, alert.Firing, func(a *alert.Alert, reason string) error { return a.Loud(c.Now, c.Principal.Name, reason) })
}

// ResolveAlert ends an alert. When its cause is still there, it fires anew, as another.
func (s *Service) ResolveAlert(ctx context.Context, c Call, ref string, in *api.AlertReason) (api.Alert, error) {
	return s.turn(ctx, c, ref, in.Reason, alert.Resolved, func(a *alert.Alert, reason string) error { return a.Close(c.Now, c.Principal.Name, reason) })
}

// turn brings an alert into a state.
func (s *Service) turn(ctx context.Context, c Call, ref, said string, state alert.State, change func(a *alert.Alert, reason string) error) (api.Alert, error) {
	scope, number, err := s.alertRef(c, ref)
	if err != nil {
		return api.Alert{}, err
	}
	if c.Reason, err = reasonOf(c, said); err != nil {
		return api.Alert{}, err
	}
	a, err := s.store.ChangeAlert(c.trail(ctx, "alert."+string(state)), store.ChangeAlert{
		Platform: scope, Number: number, Now: c.Now, NewID: s.o.NewID, Change: func(a *alert.Alert) error { return change(a, c.Reason) },
	})
	if err != nil {
		return api.Alert{}, err
	}
	s.did(ctx, c, "alert turned", slog.String("alert", a.ID()), slog.String("state", string(a.State)), slog.String("rule", a.Rule))
	return turned(&a), nil
}

// AlertChannels returns the channels that the caller's alerts may be told by.
func (s *Service) AlertChannels(c Call) ([]api.AlertChannel, error) {
	scope, err := c.scope()
	if err != nil {
		return nil, err
	}
	list := []api.AlertChannel{{Name: alert.Dashboard, Type: alert.Dashboard, Platforms: []string{}}}
	for _, channel := range s.o.Alerts.Channels {
		if channel.Platforms == nil {
			channel.Platforms = []string{}
		}
		switch {
		case scope == AnyPlatform:
		case len(channel.Platforms) == 0:
		case !has(channel.Platforms, scope):
			continue
		default:
			channel.Platforms = []string{scope} // who else uses it is nobody's business
		}
		list = append(list, channel)
	}
	return list, nil
}

// TryAlertChannel tells a channel that somebody tries it.
func (s *Service) TryAlertChannel(ctx context.Context, c Call, name string) (api.AlertChannel, error) {
	channels, err := s.AlertChannels(c)
	if err != nil {
		return api.AlertChannel{}, err
	}
	for _, channel := range channels {
		if channel.Name != name {
			continue
		}
		if channel.Type == alert.Dashboard || s.o.Alerts.Send == nil {
			return channel, nil
		}
		platform := job.DefaultPlatform
		if len(channel.Platforms) > 0 {
			platform = channel.Platforms[0]
		}
		m := AlertMessage{Subject: "schedd tries the channel " + name, Text: fmt.Sprintf("%s asked for this. Alerts that name the channel come here.\n", c.Principal.Name)}
		if err := s.o.Alerts.Send(ctx, name, platform, m); err != nil {
			return channel, job.Errorf(job.Unavailable, "the channel %s cannot be told: %v", name, err).WithHint("it is configured under handlers.channels")
		}
		s.did(ctx, c, "channel tried", slog.String("channel", name))
		return channel, nil
	}
	return api.AlertChannel{}, job.Errorf(job.NotFound, "channel %.80q not found", name).WithHint("schedctl alert channel list")
}

// alertOf is an alert as the API lists it.
func alertOf(a *alert.Alert) api.Alert {
	last := a.Turns[len(a.Turns)-1]
	told := append([]string{}, a.Told...)
	for _, name := range a.Channels {
		if name == alert.Dashboard {
			told = append([]string{name}, told...)
		}
	}
	return api.Alert{
		ID: a.ID(), State: string(a.State), Severity: string(a.Severity), Rule: a.Rule, RuleID: a.RuleID.String(), Metric: a.Metric, Says: a.Cond, Value: a.Value,
		Summary: a.Summary, JobID: a.JobID, JobName: a.JobName, PlatformID: platformID(a.Platform), Told: told, FiredAt: a.FiredAt, SeenAt: a.SeenAt,
		Until: instant(a.Until), ResolvedAt: instant(a.ResolvedAt), By: last.By, Reason: last.Reason,
	}
}

// turned is an alert as the API shows it by itself.
func turned(a *alert.Alert) api.Alert {
	shown := alertOf(a)
	for _, t := range a.Turns {
		shown.Turns = append(shown.Turns, api.AlertTurn{At: t.At, State: string(t.State), By: t.By, Until: t.Until, Reason: t.Reason})
	}
	return shown
}
