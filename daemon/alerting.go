package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/alerts"
	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/httpcall"
	"github.com/agentic-sdlc/scheduler/handler/notify"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// seedAlerts stores the rules that every store begins with. Those that somebody deleted
// do not come back.
func (n *node) seedAlerts(ctx context.Context) error {
	seeds, at := alert.Seeds(), n.clock.Now()
	for i := range seeds {
		seeds[i].ID, seeds[i].CreatedBy, seeds[i].CreatedAt, seeds[i].UpdatedAt = n.engine.NewID(), alert.By, at, at
	}
	if err := n.store.SeedAlertRules(ctx, seeds); err != nil {
		return storeError(err)
	}
	return nil
}

// alertOptions are what the engine does not know of alerts.
func (n *node) alertOptions() *alerts.Options {
	return &alerts.Options{
		Every:    n.cfg.Alerts.EvaluateEvery,
		Channels: alertChannels(&n.cfg),
		Totals: func(ctx context.Context, platform string, now time.Time) (store.Totals, error) {
			return n.control.TotalsOf(ctx, platform, now)
		},
		Send:    n.tell,
		Counted: n.metrics.Notified,
	}
}

// alertUse is what use cases need to know of channels and rules.
func (n *node) alertUse() control.AlertOptions {
	channels := alertChannels(&n.cfg)
	use := control.AlertOptions{
		Reach: func(platform string, named []string) []string { return alerts.Reachable(channels, platform, named) },
		Try: func(ctx context.Context, now time.Time, r *alert.Rule) (alert.Round, error) {
			return n.engine.alerts.Try(ctx, now, r)
		},
		Send: func(ctx context.Context, channel, platform string, m control.AlertMessage) error {
			return n.sender.Send(ctx, errand(n.engine.NewID(), platform, n.clock.Now()), channel, notify.Message{Subject: m.Subject, Text: m.Text})
		},
	}
	for _, c := range channels {
		use.Channels = append(use.Channels, api.AlertChannel{Name: c.Name, Type: c.Type, Platforms: c.Platforms})
	}
	return use
}

// alertsLooked tells when this node last did its part about alerts; nil when it has none.
func (n *node) alertsLooked() func() time.Time {
	if !n.engine.does(config.RoleScheduler) {
		return nil
	}
	return n.engine.alerts.LastTick
}

// alertChannels are the channels that alerts may be told by.
func alertChannels(cfg *config.Config) []alerts.Channel {
	channels := make([]alerts.Channel, len(cfg.Handlers.Channels))
	for i, c := range cfg.Handlers.Channels {
		channels[i] = alerts.Channel{Name: c.Name, Type: c.Type, Platforms: c.Platforms}
	}
	return channels
}

// tell tells a channel of alerts. Whoever gets it knows by the id of the notice whether
// they have it already.
func (n *node) tell(ctx context.Context, channel string, notice *alert.Notice) error {
	body, err := json.Marshal(struct {
		Type    string `json:"type"`
		Subject string `json:"subject"`
		*alert.Notice
	}{"alert", notice.Subject(), notice})
	if err != nil {
		return err
	}
	m := notify.Message{Subject: notice.Subject(), Text: notice.Text(), Body: body, About: "X-Schedd-Notice-Id"}
	if channelType(&n.cfg, channel) == notify.TypeSlack {
		m.Subject, m.Text = notify.EscapeSlack(m.Subject), notify.EscapeSlack(m.Text)
	}
	return n.sender.Send(ctx, errand(notice.ID, notice.Platform, notice.At), channel, m)
}

func channelType(cfg *config.Config, name string) string {
	for i := range cfg.Handlers.Channels {
		if c := &cfg.Handlers.Channels[i]; c.Name == name {
			return c.Type
		}
	}
	return ""
}

// errand is a task of nobody's job, for what sends.
func errand(id job.ID, platform string, at time.Time) *handler.Task {
	return &handler.Task{ExecutionID: id, Platform: platform, Attempt: 1, ScheduledAt: at, Log: noLog{}}
}

type noLog struct{}

// Line forgets what was said.
func (noLog) Line(job.LogLevel, job.Stream, string) {}

// newPinger makes what tells somebody outside that this node lives, if that is wanted.
func (n *node) newPinger() error {
	p := n.cfg.Alerts.Ping
	if p.URL == "" {
		return nil
	}
	guard, err := buildGuard(n.cfg.Handlers.HTTP)
	if err != nil {
		return fmt.Errorf("handlers.http: %w", err)
	}
	calls := map[string]*httpcall.Handler{}
	for _, what := range []string{"", "start", "fail"} {
		address := alerts.Beside(p.URL, what)
		if calls[address], err = httpcall.Named(httpcall.Options{Guard: guard}, httpcall.NamedOptions{URL: address, Private: true}); err != nil {
			return fmt.Errorf("alerts.ping.url: %w", err)
		}
	}
	n.pinger = alerts.NewPinger(alerts.PingerOptions{
		URL: p.URL, Every: p.Every, Logger: n.log, Ailing: n.ailing,
		Call: func(ctx context.Context, address string, body []byte) error {
			at := n.clock.Now()
			task := errand(n.engine.NewID(), job.DefaultPlatform, at)
			task.Payload = body
			_, err := calls[address].Run(ctx, task)
			return err
		},
	})
	return nil
}

// ailing says what keeps this node from its work, as JSON; nil = nothing does.
func (n *node) ailing(ctx context.Context) []byte {
	health := n.control.Health(ctx, control.Call{Now: n.clock.Now(), Principal: control.Principal{Name: "ping", Platform: control.AnyPlatform}})
	if health.Status != control.Unhealthy {
		return nil
	}
	body, _ := json.Marshal(map[string]any{"status": health.Status, "issues": health.Issues})
	return body
}
