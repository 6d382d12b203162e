package daemon

import (
	"sync/atomic"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// drainFlag is true once the daemon stops.
type drainFlag struct{ v atomic.Bool }

func (d *drainFlag) get() bool { return d.v.Load() }
func (d *drainFlag) set()      { d.v.Store(true) }

// settingsOf returns what the engine takes from the configuration and can change
// while it runs.
func settingsOf(c *config.Config) Settings {
	return Settings{Policy: policyOf(c), Retention: store.Retention{
		Success: c.Retention.Success, Failed: c.Retention.Failed, OneTime: c.Retention.OneTime, Audit: c.Retention.Audit, KeepLast: c.Retention.KeepLast,
	}}
}

func policyOf(c *config.Config) job.Policy {
	p := job.DefaultPolicy()
	p.MisfireThreshold = c.Scheduler.MisfireThreshold
	p.CatchUpSpacing = c.Scheduler.CatchUpSpacing
	p.When = event.Holds
	return p
}

// defaultsOf returns what jobs get that do not say.
func defaultsOf(c *config.Config) job.Defaults {
	d := c.Worker.Defaults
	return job.Defaults{
		Timezone: c.Timezone, DSTPolicy: c.Scheduler.DSTPolicy, Misfire: job.Misfire(c.Scheduler.Misfire),
		MaxRetries: d.MaxRetries, RetryDelayMS: d.RetryDelay.Milliseconds(), RetryBackoff: job.Backoff(d.RetryBackoff),
		RetryMaxDelayMS: d.RetryMaxDelay.Milliseconds(), TimeoutMS: d.Timeout.Milliseconds(), Priority: job.Priority(d.Priority),
	}
}
