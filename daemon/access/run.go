package access

import (
	"context"
	"log/slog"
	"time"

	"github.com/agentic-sdlc/scheduler/store"
)

// flushEvery is how often the store is told of tokens that were used.
const flushEvery = 10 * time.Second

// Run tells the store now and then when tokens were used, and once more when ctx ends.
func (g *Gate) Run(ctx context.Context) error {
	ticker := time.NewTicker(flushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			g.Flush(ctx)
			return nil
		case <-ticker.C:
			g.Flush(ctx)
		}
	}
}

// Flush tells the store when tokens were used. What it could not tell waits for the
// next time.
func (g *Gate) Flush(ctx context.Context) {
	g.mu.Lock()
	var used []store.UsedToken
	for id, at := range g.unsaved {
		used = append(used, store.UsedToken{ID: id, At: at})
	}
	g.mu.Unlock()
	if len(used) == 0 {
		return
	}
	if err := g.o.Store.TouchTokens(ctx, used); err != nil {
		g.o.Logger.WarnContext(ctx, "last use of tokens not written", slog.Any("err", err))
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, u := range used {
		if g.unsaved[u.ID].Equal(u.At) {
			delete(g.unsaved, u.ID)
		}
	}
}
