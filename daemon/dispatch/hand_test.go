package dispatch

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/store"
)

// world is what a dispatcher sees and does: executions wait until they are claimed.
type world struct {
	queue.Queue

	waiting   []store.Waiting
	others    int // free slots of other nodes
	here      int
	even      bool // this node's share: executions with an even number, otherwise all
	claimed   []byte
	announced []byte
}

func (w *world) Waiting(_ context.Context, _ time.Time, limit int, _ ...string) ([]store.Waiting, error) {
	return slices.Clone(w.waiting[:min(limit, len(w.waiting))]), nil
}

func (w *world) NextReady(context.Context, time.Time) (time.Time, error) { return time.Time{}, nil }

func (w *world) Announce(_ context.Context, messages []queue.Message) error {
	for i := range messages {
		w.announced = append(w.announced, messages[i].ExecutionID[0])
	}
	return nil
}

func (w *world) claim(_ context.Context, ids []job.ID) error {
	for _, id := range ids {
		w.claimed = append(w.claimed, id[0])
		w.waiting = slices.DeleteFunc(w.waiting, func(o store.Waiting) bool { return o.ID == id })
	}
	w.here -= len(ids)
	return nil
}

func (w *world) dispatcher() *Dispatcher {
	return New(Options{
		Store: w, Queue: w, Logger: slog.New(slog.DiscardHandler), Claim: w.claim,
		Free:  func() (anywhere, here int) { return w.others + w.here, w.here },
		Alone: func() bool { return w.others == 0 },
		Mine:  func(id job.ID) bool { return !w.even || id[0]%2 == 0 },
		Reach: func(handler string) Reach {
			if handler == "own" {
				return Here
			}
			return Everywhere
		},
	})
}

// wait makes executions wait, oldest first.
func (w *world) wait(ids ...byte) {
	for _, id := range ids {
		w.waiting = append(w.waiting, store.Waiting{ID: job.ID{id}})
	}
}

func (w *world) tick(t *testing.T, d *Dispatcher, at time.Duration, claimed, announced string) {
	t.Helper()
	w.claimed, w.announced = nil, nil
	if _, err := d.Tick(t.Context(), time.Unix(0, 0).Add(time.Hour+at)); err != nil {
		t.Fatal(err)
	}
	if got := string(w.claimed); got != claimed {
		t.Errorf("after %s claimed %q, want %q", at, got, claimed)
	}
	if got := string(w.announced); got != announced {
		t.Errorf("after %s announced %q, want %q", at, got, announced)
	}
}

func TestAlone(t *testing.T) {
	t.Parallel()
	w := &world{here: 2}
	d := w.dispatcher()
	w.wait('a', 'b', 'c')
	w.tick(t, d, 0, "ab", "")
	w.tick(t, d, time.Second, "", "")
	w.here = 2
	w.tick(t, d, 2*time.Second, "c", "")
}

// TestShares: b, d, f and h are this node's.
func TestShares(t *testing.T) {
	t.Parallel()
	w := &world{here: 2, others: 2, even: true}
	d := w.dispatcher()
	w.wait('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')
	w.tick(t, d, 0, "bd", "acefgh")
	w.here = 1
	w.tick(t, d, retell/2, "a", "") // was announced and is still here; others are awake
	w.here = 2
	w.tick(t, d, retell, "ce", "fgh")
	w.wait('i', 'j')
	w.here = 6 // room for all: nothing is left to others that could start here
	w.tick(t, d, 2*retell, "fghji", "")
}

// TestNoSlots: a node that cannot take anything announces what it sees, each time.
func TestNoSlots(t *testing.T) {
	t.Parallel()
	w := &world{others: 1, even: true}
	d := w.dispatcher()
	w.wait('a', 'b', 'c')
	w.tick(t, d, 0, "", "ab")
	w.tick(t, d, time.Millisecond, "", "ab")
}

// TestOnlyHere: what only this node can run is not announced.
func TestOnlyHere(t *testing.T) {
	t.Parallel()
	w := &world{here: 1, others: 1}
	d := w.dispatcher()
	w.waiting = []store.Waiting{{ID: job.ID{'a'}}, {ID: job.ID{'b'}, HandlerName: "own"}, {ID: job.ID{'c'}}}
	w.tick(t, d, 0, "a", "c")
	w.tick(t, d, time.Second, "", "c")
	w.here = 1
	w.tick(t, d, 2*time.Second, "b", "c")
	w.here = 1
	w.tick(t, d, 3*time.Second, "c", "")
}
