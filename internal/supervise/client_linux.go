package supervise

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Client is the daemon's side of the supervisor. It is safe for concurrent use.
type Client struct {
	o      Options
	closed chan struct{} // Close was called
	done   chan struct{} // keep has returned

	mu      sync.Mutex
	current *chain
	changed chan struct{} // closed and replaced when current changes
	closing bool
}

// Start starts guard and supervisor and waits until the supervisor answers, 20 s at
// most; ctx is for this wait only. The daemon becomes a child subreaper for good:
// orphans of whatever other children it has are handed to it from now on.
func Start(ctx context.Context, o Options) (*Client, error) {
	if o.Exe == "" {
		o.Exe = exeSelf
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.silence == 0 {
		o.silence = silentFor
	}
	if err := checkCookie(o.Cookie); err != nil {
		return nil, err
	}
	if err := adoptOrphans(); err != nil {
		return nil, err
	}
	first, err := startChain(ctx, o)
	if err != nil {
		return nil, err
	}
	c := &Client{
		o: o, closed: make(chan struct{}), done: make(chan struct{}),
		current: first, changed: make(chan struct{}),
	}
	go c.keep(first)
	return c, nil
}

// Close kills every command, ends guard and supervisor and waits for them. Runs
// that were under way return ErrClosed. Cancel them first to let commands end in
// peace.
func (c *Client) Close() error {
	c.mu.Lock()
	if !c.closing {
		c.closing = true
		close(c.closed)
		if c.current != nil {
			c.current.hangUp()
		}
	}
	c.mu.Unlock()
	<-c.done
	return nil
}

// keep follows one chain after another, until Close.
func (c *Client) keep(ch *chain) {
	defer close(c.done)
	for ch != nil {
		began := clock()
		ch.serve()
		c.set(nil)
		ch.bury(c.o.Logger)
		if c.isClosing() {
			ch.fail(ErrClosed)
			return
		}
		c.o.Logger.LogAttrs(context.Background(), slog.LevelError, "supervisor lost",
			slog.Int("pid", ch.pid), slog.Int("commands", ch.count()))
		ch.fail(ErrLost)
		backoff := firstBackoff
		if clock().Sub(began) < longestBackoff {
			backoff = time.Second // it may be killed by what it does
		}
		ch = c.restart(backoff)
	}
}

// restart starts a new chain, however often it takes; nil after Close.
func (c *Client) restart(backoff time.Duration) *chain {
	for {
		timer := after(backoff)
		select {
		case <-c.closed:
			timer.Stop()
			return nil
		case <-timer.C:
		}
		ch, err := startChain(context.Background(), c.o)
		if err == nil {
			c.o.Logger.LogAttrs(context.Background(), slog.LevelInfo, "supervisor restarted", slog.Int("pid", ch.pid))
			c.set(ch)
			return ch
		}
		c.o.Logger.LogAttrs(context.Background(), slog.LevelError, "supervisor does not start",
			slog.String("error", err.Error()))
		backoff = min(2*backoff, longestBackoff)
	}
}

func (c *Client) set(ch *chain) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = ch
	close(c.changed)
	c.changed = make(chan struct{})
	if c.closing && ch != nil {
		ch.hangUp()
	}
}

func (c *Client) isClosing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closing
}

// chain returns the living chain, which is not the one just lost; while a new one
// starts it waits for that, 30 s at most.
func (c *Client) chain(ctx context.Context, lost *chain) (*chain, error) {
	timer := after(chainWithin)
	defer timer.Stop()
	for {
		c.mu.Lock()
		current, changed, closing := c.current, c.changed, c.closing
		c.mu.Unlock()
		switch {
		case closing:
			return nil, ErrClosed
		case current != nil && current != lost:
			return current, nil
		}
		select {
		case <-changed:
		case <-c.closed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-timer.C:
			return nil, fmt.Errorf("%w: no new one within %v", ErrLost, chainWithin)
		}
	}
}
