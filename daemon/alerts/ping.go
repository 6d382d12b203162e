package alerts

import (
	"context"
	"log/slog"
	"net/url"
	"strings"
	"time"
)

// PingerOptions of a Pinger. All are required.
type PingerOptions struct {
	URL   string        // as healthchecks has it: URL/start and URL/fail are beside it
	Every time.Duration // between pings
	// Ailing says what is wrong with this node, as JSON; nil = nothing is.
	Ailing func(ctx context.Context) (wrong []byte)
	// Call calls an address; body is nil when there is nothing to say.
	Call   func(ctx context.Context, address string, body []byte) error
	Logger *slog.Logger
}

// Pinger tells somebody outside, again and again, that this node lives: who hears no more
// of it raises the alarm.
type Pinger struct {
	o       PingerOptions
	started bool
	failing bool // the last call failed: it is logged once
}

// NewPinger returns a pinger; Run starts it.
func NewPinger(o PingerOptions) *Pinger { return &Pinger{o: o} }

// pingWithin bounds one call.
const pingWithin = 10 * time.Second

// Tick pings once: first that the node began, then that it is well, or is not.
func (p *Pinger) Tick(ctx context.Context) {
	calling, cancel := context.WithTimeout(ctx, pingWithin)
	defer cancel()
	if !p.started {
		p.started = true
		p.call(calling, "start", nil)
		return // it is no use to ask how a node is that begins
	}
	if wrong := p.o.Ailing(calling); wrong != nil {
		p.call(calling, "fail", wrong)
		return
	}
	p.call(calling, "", nil)
}

func (p *Pinger) call(ctx context.Context, what string, body []byte) {
	err := p.o.Call(ctx, Beside(p.o.URL, what), body)
	switch {
	case err == nil:
		p.failing = false
	case !p.failing:
		p.failing = true
		p.o.Logger.WarnContext(ctx, "the ping was not heard", slog.Any("err", err))
	}
}

// Beside is the address beside another one: what becomes the last part of its path.
func Beside(address, what string) string {
	u, err := url.Parse(address)
	if what == "" || err != nil {
		return address
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + "/" + what
	return u.String()
}
