package daemon

import (
	"context"
	"maps"
	"slices"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/healthcheck"
	"github.com/agentic-sdlc/scheduler/handler/httpcall"
	"github.com/agentic-sdlc/scheduler/handler/notify"
	"github.com/agentic-sdlc/scheduler/handler/reindex"
)

// components says how the parts of this node are.
type components func(ctx context.Context) ([]healthcheck.Component, error)

// componentNames are those that every node has.
func componentNames() []string { return []string{"database", "queue", "scheduler", "workers"} }

// builtin registers what needs no declaration, and what is told to people.
func (b *registrar) builtin(cfg config.Handlers, parts components, hide func(string) string) {
	if b.err != nil {
		return
	}
	var err error
	b.sender, err = notify.NewSender(notify.Options{Channels: channels(cfg.Channels), Guard: b.guard, Hide: hide})
	b.add(handler.Info{Name: "send-notification", Kind: "builtin", Description: "tell people: e-mail, Slack, webhook"}, notify.New(b.sender), err)
	if err != nil {
		return
	}
	for _, n := range cfg.Notifications {
		m := notify.Message{To: n.To, Subject: n.Subject, Text: n.Message, HTML: n.HTML}
		h, err := notify.Named(b.sender, notify.NamedOptions{Channel: n.Channel, Message: m})
		b.add(handler.Info{Name: n.Name, Kind: "notify", Description: n.Description, Platforms: n.Platforms}, h, err)
	}
	health, err := healthcheck.New(healthcheck.Options{Guard: b.guard, Components: parts, Names: componentNames()})
	b.add(handler.Info{Name: "health-check", Kind: "builtin", Description: "look whether addresses and components are up"}, health, err)
	index, err := knowledgeBase(cfg.KnowledgeBase, b.guard)
	b.add(handler.Info{Name: "reindex-knowledge-base", Kind: "builtin", Description: "have a collection of the knowledge base indexed anew"}, index, err)
}

func channels(list []config.Channel) []notify.Channel {
	all := make([]notify.Channel, len(list))
	for i, c := range list {
		all[i] = notify.Channel{
			Name: c.Name, Type: c.Type, Platforms: c.Platforms,
			Host: c.Host, Port: c.Port, TLS: c.TLS, CAFile: c.CAFile, Username: c.Username, Password: c.Password,
			From: c.From, To: c.To, AllowTo: c.AllowTo, URL: c.URL, Secret: c.Secret,
		}
	}
	return all
}

func knowledgeBase(cfg config.KnowledgeBase, guard *httpcall.Guard) (handler.Handler, error) {
	if cfg.URL == "" {
		return reindex.New(nil), nil
	}
	n := httpcall.NamedOptions{URL: cfg.URL, Timeout: cfg.Timeout}
	if cfg.Token != "" {
		n.Headers = map[string]string{"Authorization": "Bearer " + cfg.Token}
	}
	call, err := httpcall.Named(httpcall.Options{Guard: guard}, n)
	return reindex.New(call), err
}

// parts asks the use cases how this node is; they are made after the handlers.
func (n *node) parts(ctx context.Context) ([]healthcheck.Component, error) {
	call := control.Call{Now: n.clock.Now(), Principal: control.Principal{Name: "health-check"}}
	health := n.control.Health(ctx, call)
	var list []healthcheck.Component
	for _, name := range slices.Sorted(maps.Keys(health.Components)) {
		c := health.Components[name]
		list = append(list, healthcheck.Component{Name: name, Up: c.Status == "up", Message: c.Message})
	}
	return list, nil
}
