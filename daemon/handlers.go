package daemon

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/exec"
	"github.com/agentic-sdlc/scheduler/handler/httpcall"
	"github.com/agentic-sdlc/scheduler/handler/notify"
	"github.com/agentic-sdlc/scheduler/handler/workflow"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// buildHandlers makes the registry: what is built in, and what the configuration
// names; and what tells people, which alerts use too.
func buildHandlers(cfg config.Handlers, runner exec.Runner, environ []string, parts components, hide func(string) string) (*handler.Registry, *notify.Sender, error) {
	b := registrar{registry: &handler.Registry{}}
	b.commands(cfg, runner, environ)
	b.calls(cfg)
	b.builtin(cfg, parts, hide)
	return b.registry, b.sender, b.err
}

// registrar registers until the first error.
type registrar struct {
	registry *handler.Registry
	guard    *httpcall.Guard
	sender   *notify.Sender // what tells people
	err      error
}

func (b *registrar) add(info handler.Info, h handler.Handler, err error) {
	if b.err != nil {
		return
	}
	if err != nil {
		b.err = fmt.Errorf("handler %q: %w", info.Name, err)
		return
	}
	if info.Type == "" {
		info.Type = job.HandlerFunction
	}
	b.err = b.registry.Register(info, h)
}

func (b *registrar) commands(cfg config.Handlers, runner exec.Runner, environ []string) {
	o := exec.Options{Runner: runner, Environ: environ, PassEnv: cfg.Exec.PassEnv, Shell: cfg.Exec.Shell}
	if cfg.Exec.Free != "nobody" {
		h, err := exec.New(o)
		b.add(handler.Info{Name: "exec", Kind: "exec", Description: "run a local command", Privileged: true, Slow: true}, h, err)
	}
	for _, c := range cfg.Commands {
		h, err := exec.Named(o, exec.NamedOptions{
			Argv: c.Argv, Params: params(c.Params), Env: pairs(c.Env), Dir: c.Dir, Timeout: c.Timeout, PayloadStdin: c.PayloadStdin,
		})
		b.add(handler.Info{Name: c.Name, Kind: "exec", Description: c.Description, Platforms: c.Platforms, Slow: true}, h, err)
	}
}

func (b *registrar) calls(cfg config.Handlers) {
	guard, err := buildGuard(cfg.HTTP)
	if err != nil {
		b.err = fmt.Errorf("handlers.http: %w", err)
		return
	}
	b.guard = guard
	o := httpcall.Options{Guard: guard}
	h, err := httpcall.New(o)
	b.add(handler.Info{Name: "http", Kind: "http", Description: "call an HTTP endpoint"}, h, err)
	for _, u := range cfg.URLs {
		h, err := httpcall.Named(o, httpcall.NamedOptions{URL: u.URL, Method: u.Method, Headers: pairs(u.Headers), Timeout: u.Timeout, ExpectStatus: u.ExpectStatus, Secret: u.Secret})
		b.add(handler.Info{Name: u.Name, Kind: "http", Description: u.Description}, h, err)
	}
}

func buildGuard(cfg config.HTTP) (*httpcall.Guard, error) {
	o := httpcall.GuardOptions{Hosts: cfg.AllowHosts, PrivateHosts: cfg.AllowPrivateHosts}
	for _, text := range cfg.AllowPrivate {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("allow_private: %w", err)
		}
		o.Private = append(o.Private, prefix)
	}
	for _, port := range cfg.AllowPorts {
		o.Ports = append(o.Ports, uint16(port))
	}
	return httpcall.NewGuard(o)
}

func params(list []config.Param) []exec.Param {
	var params []exec.Param
	for _, p := range list {
		params = append(params, exec.Param{Name: p.Name, Pattern: p.Pattern, Optional: p.Optional, Default: p.Default, AllowDash: p.AllowDash})
	}
	return params
}

// addWorkflows registers what runs workflows; engine returns the engine that will run it.
func addWorkflows(registry *handler.Registry, cfg config.Handlers, s store.Store, now func() time.Time, engine func() *Engine) error {
	guard, err := buildGuard(cfg.HTTP)
	if err != nil {
		return fmt.Errorf("handlers.http: %w", err)
	}
	h := workflow.New(workflow.Options{
		Store: s, Now: now,
		Trigger: func(ctx context.Context, t store.Trigger) (store.Triggered, error) { return engine().Trigger(ctx, t) },
		Stop:    func(ids []job.ID) { engine().Cancel(ids) },
		NewID:   func() job.ID { return engine().NewID() },
		Engine:  &workflow.Engine{Client: guard.Client(), Reply: api.RouteReply},
	})
	info := handler.Info{Name: string(job.HandlerWorkflow), Type: job.HandlerWorkflow, Kind: "workflow", Description: "run the steps of a workflow"}
	return registry.Register(info, h)
}

func pairs(list []config.Pair) map[string]string {
	m := make(map[string]string, len(list))
	for _, p := range list {
		m[p.Name] = p.Value
	}
	return m
}
