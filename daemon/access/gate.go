package access

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/token"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Tokens is what of the store is needed.
type Tokens interface {
	Token(ctx context.Context, id string) (store.Token, error)
	TouchTokens(ctx context.Context, used []store.UsedToken) error
}

// Options are what a Gate needs. Store and Now are required.
type Options struct {
	Store  Tokens
	Now    func() time.Time // the store's clock
	Rate   int              // requests a second of one token, in the long run
	Burst  int              // requests of one token at once
	Logger *slog.Logger     // nil = silent
}

// Gate lets callers in. It is safe for concurrent use.
type Gate struct {
	o     Options
	decoy string // a hash that no token has

	mu      sync.Mutex
	rate    limit
	buckets map[string]*bucket // by token
	wrong   tries
	used    map[string]time.Time // by token: the hour of its last use
	unsaved map[string]time.Time // of these, what the store does not know
}

// New returns a Gate.
func New(o Options) *Gate {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	nobody, _ := token.New(rand.Reader) // crypto/rand never fails
	return &Gate{
		o: o, decoy: nobody.Hash(), rate: limit{o.Rate, o.Burst}, buckets: map[string]*bucket{},
		used: map[string]time.Time{}, unsaved: map[string]time.Time{},
	}
}

// Apply changes how many requests a token may make.
func (g *Gate) Apply(rate, burst int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rate = limit{rate, burst}
}

// Enter returns the token that the caller shows; authorization are the values of that
// header, source is its address. The error is unauthenticated, with one sentence for
// whatever is wrong; rate_limited, as a *LimitError; or the store's.
func (g *Gate) Enter(ctx context.Context, authorization []string, source string) (store.Token, error) {
	if len(authorization) == 0 {
		return store.Token{}, refused()
	}
	now := g.o.Now()
	shown, ok := bearer(authorization)
	if !ok {
		return store.Token{}, g.mistaken(source, now)
	}
	t, err := g.find(ctx, shown)
	switch {
	case err != nil:
		return store.Token{}, err
	case !shown.Matches(t.Hash) || !t.Valid(now):
		return store.Token{}, g.mistaken(source, now)
	}
	return t, g.admit(t.ID, now)
}

// find returns what is known of a token; for one that is not known, a decoy that
// matches nothing, so that what follows is the same.
func (g *Gate) find(ctx context.Context, shown token.Token) (store.Token, error) {
	t, err := g.o.Store.Token(ctx, shown.ID)
	if job.CodeOf(err) == job.NotFound {
		return store.Token{Hash: g.decoy}, nil
	}
	return t, err
}

// Still returns nil while a token that was let in opens something; unauthenticated when
// it expired or was revoked.
func (g *Gate) Still(ctx context.Context, id string) error {
	t, err := g.o.Store.Token(ctx, id)
	if job.CodeOf(err) == job.NotFound || err == nil && !t.Valid(g.o.Now()) {
		return refused()
	}
	return err
}

// bearer reads the header: one value, "Bearer" in any case, one token.
func bearer(values []string) (token.Token, bool) {
	scheme, text, ok := strings.Cut(values[0], " ")
	if !ok || len(values) > 1 || !strings.EqualFold(scheme, "bearer") {
		return token.Token{}, false
	}
	return token.Parse(strings.TrimLeft(text, " "))
}

// refused is the answer to whoever shows no token that opens something: one sentence,
// whatever the reason.
func refused() error {
	return job.Errorf(job.Unauthenticated, "a valid token is needed").
		WithHint("give schedctl one with --token-file or SCHEDCTL_TOKEN_FILE; an admin makes them with: schedctl token create")
}

// admit counts a request of a token, and notes its use.
func (g *Gate) admit(id string, now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if hour := now.Truncate(time.Hour); hour.After(g.used[id]) {
		g.used[id], g.unsaved[id] = hour, hour
	}
	b := g.buckets[id]
	if b == nil {
		b = &bucket{left: float64(g.rate.burst), at: now}
		g.buckets[id] = b
		g.sweep(now)
	}
	if b.take(g.rate, now) {
		return nil
	}
	return &LimitError{Problem: job.Errorf(job.RateLimited, "more than %d requests a second with one token", g.rate.rate), After: time.Second}
}

// sweep forgets tokens that have not been used for long, now and then.
func (g *Gate) sweep(now time.Time) {
	if len(g.buckets)%256 != 0 {
		return
	}
	for id, b := range g.buckets {
		if now.Sub(b.at) > time.Hour {
			delete(g.buckets, id)
			delete(g.used, id)
		}
	}
}

// mistaken counts a wrong token and says so.
func (g *Gate) mistaken(source string, now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	after := g.wrong.count(network(source), now)
	if after == 0 {
		return refused()
	}
	return &LimitError{Problem: job.Errorf(job.RateLimited, "too many wrong tokens from your address").WithHint("wait a minute"), After: after}
}

// network is what one caller surely has of addresses: an IPv4 address, or 64 bits of an
// IPv6 address.
func network(source string) string {
	addr, err := netip.ParseAddr(source)
	if err != nil {
		return source
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	prefix, _ := addr.Prefix(64)
	return prefix.String()
}
