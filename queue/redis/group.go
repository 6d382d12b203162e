package redis

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// makeGroups makes streams and groups where they are missing. A group begins with
// what is in its stream already.
func (q *Queue) makeGroups(ctx context.Context) error {
	ctx, cancel := q.within(ctx, 0)
	defer cancel()
	made := make([]*redis.StatusCmd, 0, 2*len(q.keys))
	_, _ = q.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, key := range q.keys {
			made = append(made, p.XGroupCreateMkStream(ctx, key, q.o.Group, "0"), p.XGroupCreateMkStream(ctx, key, q.o.Monitors, "0"))
		}
		return nil
	})
	created := 0
	for _, m := range made {
		switch err := m.Err(); {
		case err == nil:
			created++
		case !hasPrefix(err, "BUSYGROUP"):
			return err
		}
	}
	if first := !q.made.Swap(true); first {
		q.greet(ctx)
	} else if created > 0 {
		q.log.warn(ctx, "groups of the stream were gone and are made anew", "groups", created)
	}
	return nil
}

// greet tells the log what Ping warns of.
func (q *Queue) greet(ctx context.Context) {
	info, err := q.Ping(ctx)
	if err != nil {
		q.log.warn(ctx, "redis may not do its work", "err", err)
	}
	for _, warning := range info.Warnings {
		q.log.warn(ctx, warning)
	}
}

// pace says how long to wait after a failure: the longer the more there were in a row.
type pace struct {
	mu            sync.Mutex
	answer, group time.Duration // the next pause for either kind of failure
}

const (
	firstPause = 100 * time.Millisecond
	// maxPause bounds the pause while Redis does not do its work, maxGroupPause while
	// groups are gone as soon as they are made.
	maxPause      = time.Second
	maxGroupPause = 5 * time.Second
)

// failed returns the pause after a failure. The first loss of the groups has none:
// they are made, and that is that.
func (p *pace) failed(err error) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if groupLost(err) {
		pause := p.group
		p.group = min(max(firstPause, 2*pause), maxGroupPause)
		return pause
	}
	pause := max(firstPause, p.answer)
	p.answer = min(2*pause, maxPause)
	return pause
}

func (p *pace) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer, p.group = 0, 0
}
