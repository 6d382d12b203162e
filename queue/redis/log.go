package redis

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// perMinute bounds the lines of one message: a cause that stays must not fill the log.
const perMinute = 10

// limitedLog drops what comes too often, and says how much with the next line. The
// zero limitedLog lacks logger and clock.
type limitedLog struct {
	logger *slog.Logger
	now    func() time.Time

	mu     sync.Mutex
	causes map[string]*cause
}

type cause struct {
	since   time.Time
	lines   int
	dropped int
}

// warn logs a message with attributes; the message is the cause.
func (l *limitedLog) warn(ctx context.Context, message string, args ...any) {
	dropped, ok := l.allow(message)
	if !ok {
		return
	}
	if dropped > 0 {
		args = append(args, "dropped_lines", dropped)
	}
	l.logger.WarnContext(ctx, message, args...)
}

// allow says whether the cause may have a line, and how many it was denied before.
func (l *limitedLog) allow(message string) (dropped int, ok bool) {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.causes == nil {
		l.causes = make(map[string]*cause)
	}
	c := l.causes[message]
	if c == nil || now.Sub(c.since) >= time.Minute || now.Before(c.since) {
		if c != nil {
			dropped = c.dropped
		}
		c = &cause{since: now}
		l.causes[message] = c
	}
	if c.lines == perMinute {
		c.dropped++
		return 0, false
	}
	c.lines++
	return dropped, true
}
