package alerts

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/internal/failpoint"
	"github.com/agentic-sdlc/scheduler/store"
)

const (
	// lease is how long a notice is this node's: longer than any channel takes.
	lease = 2 * time.Minute
	// atOnce is how many notices a node tells at once.
	atOnce = 8
	// sendWithin bounds one delivery.
	sendWithin = 45 * time.Second
	// noteWithin bounds the note of what came of it, also while the node stops.
	noteWithin = 10 * time.Second
	// maxAttempts is after how many failures a notice is given up: about a day.
	maxAttempts = 40
	// first and longest wait before another attempt.
	firstWait, longestWait = 5 * time.Second, 30 * time.Minute
)

// deliver tells what is to be told through the channels of this node.
func (a *Alerts) deliver(ctx context.Context, now time.Time) error {
	if len(a.o.Channels) == 0 {
		return nil
	}
	names := make([]string, len(a.o.Channels))
	for i, c := range a.o.Channels {
		names[i] = c.Name
	}
	taken, err := a.o.Store.TakeNotices(ctx, store.TakeNotices{Channels: names, Now: now, Lease: lease, Limit: atOnce})
	if err != nil || len(taken) == 0 {
		return err
	}
	failpoint.Hit("notice_taken")
	errs := make([]error, len(taken))
	var sending sync.WaitGroup
	for i := range taken {
		sending.Go(func() { errs[i] = a.send(ctx, &taken[i]) })
	}
	sending.Wait()
	return errors.Join(errs...)
}

// send tells one channel, and notes what came of it.
func (a *Alerts) send(ctx context.Context, n *store.TakenNotice) error {
	sending, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	failed := a.o.Send(sending, n.Channel, &n.Notice)
	failpoint.Hit("notice_sent")
	end := store.EndNotice{ID: n.ID, Attempts: n.Attempts, Now: a.o.Now()}
	result := "sent"
	if failed != nil {
		end.Error = failed.Error()
		fault, known := errors.AsType[*handler.Failure](failed)
		switch {
		case ctx.Err() != nil:
			end.RetryAt = end.Now // whoever goes on
		case known && fault.Permanent, n.Attempts >= maxAttempts:
			result = "failed"
		default:
			end.RetryAt = end.Now.Add(wait(n.Attempts))
		}
		if result != "failed" {
			result = "retried"
		}
		a.o.Logger.WarnContext(ctx, "a channel could not be told of an alert", slog.String("channel", n.Channel), slog.String("notice", n.ID.String()),
			slog.Int("attempt", n.Attempts), slog.String("result", result), slog.Any("err", failed))
	}
	a.o.Counted(n.Channel, result)
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteWithin)
	defer cancel()
	_, err := a.o.Store.EndNotice(noting, end)
	return err
}

// wait is how long to wait after so many attempts.
func wait(attempts int) time.Duration {
	d := firstWait
	for range min(attempts-1, 20) {
		d = min(2*d, longestWait)
	}
	return d
}
