package logging

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// repeats is how often a warning or an error with one message is written in a
	// window; what comes beyond is counted.
	repeats = 5
	window  = time.Minute
	// maxMessages bounds the messages that are watched.
	maxMessages = 1000
)

// repeat keeps a fault that comes back and back from filling the log: of the warnings
// and errors with one message only the first few of a minute are written, and the first
// of the next minute says how many were not.
type repeat struct {
	slog.Handler
	seen *seen
}

type seen struct {
	mu   sync.Mutex
	said map[string]*said
}

// said is what was written of one message in the window since from.
type said struct {
	from    time.Time
	written int
	left    int
}

func limitRepeats(h slog.Handler) slog.Handler {
	return repeat{Handler: h, seen: &seen{said: map[string]*said{}}}
}

// Handle writes the record unless there were too many like it.
func (h repeat) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		left, ok := h.seen.pass(r.Message, r.Time)
		if !ok {
			return nil
		}
		if left > 0 {
			r = r.Clone()
			r.AddAttrs(slog.Int("suppressed", left))
		}
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs shares what was seen: attributes do not make another fault.
func (h repeat) WithAttrs(attrs []slog.Attr) slog.Handler {
	return repeat{Handler: h.Handler.WithAttrs(attrs), seen: h.seen}
}

// WithGroup shares what was seen too.
func (h repeat) WithGroup(name string) slog.Handler {
	return repeat{Handler: h.Handler.WithGroup(name), seen: h.seen}
}

// pass reports whether a message may be written, and how many like it were not in the
// window before.
func (s *seen) pass(message string, at time.Time) (left int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.said[message]
	switch {
	case m == nil && len(s.said) >= maxMessages:
		clear(s.said) // messages are constants: this is a fault of ours, and must not grow
		fallthrough
	case m == nil:
		m = &said{from: at}
		s.said[message] = m
	case at.Sub(m.from) >= window || at.Before(m.from):
		left = m.left
		*m = said{from: at}
	case m.written >= repeats:
		m.left++
		return 0, false
	}
	m.written++
	return left, true
}
