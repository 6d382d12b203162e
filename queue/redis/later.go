package redis

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/agentic-sdlc/scheduler/queue"
)

// laterBlock is how long an inbox waits for what is new while something waits that was read.
const laterBlock = 100 * time.Millisecond

// later is what an inbox read and could not hand over yet: it stays in the stream as read
// by this node, and is walked over again and again, a batch between two reads of what is
// new, so that nobody waits for others. It costs Redis alone.
type later struct {
	walking bool            // there may be something
	only    bool            // nothing new is read before the walk is over: the store was away, or this node was
	at      string          // the last entry that the walk came to
	held    map[string]bool // platforms of which something waits: what is newer waits behind it
	found   map[string]bool // the same, of the present walk
}

// anew walks from the first entry, and to the end before anything new is read.
func (l *later) anew() {
	l.walking, l.only, l.at, l.found = true, true, "0", nil
}

// wait notes that an event of the platform waits.
func (l *later) wait(platform string) {
	if l.held == nil {
		l.held = map[string]bool{}
	}
	if l.found == nil {
		l.found = map[string]bool{}
	}
	l.held[platform], l.found[platform], l.walking = true, true, true
}

// end ends a walk: platforms of which it found nothing wait no more.
func (l *later) end() {
	l.held, l.found, l.at, l.only = l.found, nil, "0", false
	l.walking = len(l.held) > 0
}

// block is how long the read of what is new may wait.
func (l *later) block() time.Duration {
	switch {
	case !l.walking:
		return maxBlock
	case l.at == "0": // between two walks
		return laterBlock
	}
	return -1 // not at all
}

// walk hands over the next batch of what this node had read: of each platform in order, up
// to the first that comes too early.
func (x *Inbox) walk(ctx context.Context, l *later, take takeEvents) error {
	own, cancel := context.WithTimeout(ctx, x.o.Timeout)
	defer cancel()
	streams, err := x.client.XReadGroup(own, &redis.XReadGroupArgs{
		Group: DefaultGroup, Consumer: x.o.Consumer, Streams: []string{x.stream(), l.at}, Count: inboxBatch, Block: -1,
	}).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		if groupLost(err) { // the read of what is new makes it
			l.end()
			return nil
		}
		return err
	}
	for _, s := range streams {
		if len(s.Messages) == 0 {
			continue
		}
		if err := x.settle(ctx, s.Messages, l, l.found, take); err != nil {
			return err
		}
		l.at = s.Messages[len(s.Messages)-1].ID
		return nil
	}
	l.end()
	return nil
}

// sort tells faults from what waits.
func (l *later) sort(faults map[int]error, batch []queue.SentEvent) (dead map[int]error, waits map[int]bool) {
	dead, waits = map[int]error{}, map[int]bool{}
	for i, fault := range faults {
		if !errors.Is(fault, queue.ErrLater) {
			dead[i] = fault
			continue
		}
		waits[i] = true
		l.wait(batch[i].Platform)
	}
	return dead, waits
}
