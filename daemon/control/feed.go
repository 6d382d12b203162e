package control

import (
	"context"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
)

// Bounds of a feed.
const (
	feedKeeps  = 10_000      // events, for who comes back
	feedQueues = 1_000       // events that a follower may be behind
	feedLinger = time.Minute // after the last follower left
)

// feed hands the events of the bus to followers and keeps the last ones. It listens only
// while somebody follows, and a moment longer: while nobody listens, publishing costs
// next to nothing.
type feed struct {
	bus interface {
		Subscribe(ctx context.Context, glob string) (<-chan queue.Event, error)
	}

	mu        sync.Mutex
	recent    []queue.Event // oldest first
	followers map[*Follower]struct{}
	stop      context.CancelFunc // nil = it does not listen
	linger    *time.Timer
}

// Follower gets events until it leaves. It is the reader's own.
type Follower struct {
	Past   []queue.Event      // what happened after the event that it resumes from
	Gap    bool               // that event is not known: something may be missing
	Events <-chan queue.Event // closed when the reader was too slow, or the bus ended

	events chan queue.Event
	feed   *feed
}

// follow begins to tell events, from the one after the id if that is known; "" = from now
// on.
func (f *feed) follow(after string) (*Follower, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.linger != nil {
		f.linger.Stop()
	}
	if f.stop == nil {
		ctx, stop := context.WithCancel(context.Background())
		events, err := f.bus.Subscribe(ctx, "*")
		if err != nil {
			stop()
			return nil, job.Errorf(job.Unavailable, "events cannot be followed: %w", err)
		}
		f.stop, f.followers, f.recent = stop, map[*Follower]struct{}{}, nil
		go f.pump(events)
	}
	w := &Follower{feed: f, events: make(chan queue.Event, feedQueues), Gap: after != ""}
	w.Events = w.events
	for i := len(f.recent) - 1; i >= 0 && w.Gap; i-- {
		if f.recent[i].ID == after {
			w.Past, w.Gap = append(w.Past, f.recent[i+1:]...), false
		}
	}
	f.followers[w] = struct{}{}
	return w, nil
}

// pump hands on what the bus tells, until it ends.
func (f *feed) pump(events <-chan queue.Event) {
	for e := range events {
		f.mu.Lock()
		if f.recent = append(f.recent, e); len(f.recent) > 2*feedKeeps {
			f.recent = append([]queue.Event(nil), f.recent[feedKeeps:]...)
		}
		for w := range f.followers {
			select {
			case w.events <- e:
			default:
				f.drop(w)
			}
		}
		f.mu.Unlock()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for w := range f.followers {
		f.drop(w)
	}
	f.stop = nil
}

// drop ends a follower; the feed is locked.
func (f *feed) drop(w *Follower) {
	if _, follows := f.followers[w]; follows {
		delete(f.followers, w)
		close(w.events)
	}
}

// Leave ends following.
func (w *Follower) Leave() {
	f := w.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drop(w)
	if len(f.followers) > 0 || f.stop == nil {
		return
	}
	stop := f.stop
	f.linger = time.AfterFunc(feedLinger, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(f.followers) == 0 {
			stop()
		}
	})
}
