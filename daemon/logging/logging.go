package logging

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
)

// Format is how lines look.
type Format string

// The formats.
const (
	Auto    Format = "auto"    // Pretty on a terminal, Journal under systemd, else JSON
	JSON    Format = "json"    // one object a line
	Text    Format = "text"    // key=value
	Pretty  Format = "pretty"  // for people at a terminal
	Journal Format = "journal" // key=value without a time, with the level as systemd's <N> prefix
)

// Options says where lines go and what they look like.
type Options struct {
	Out    io.Writer           // required; usually os.Stderr
	Format Format              // "" = Auto
	Level  slog.Level          // zero = info
	Redact []string            // words; case does not matter and - is _
	Hide   func(string) string // hides secrets in whole lines; nil = there are none
	Getenv func(string) string // for JOURNAL_STREAM, NO_COLOR and TERM; nil = none is set
	Queue  int                 // lines that wait for Out at most; 0 = 4096
}

// Logger is a slog.Logger whose level and redaction can change while it runs.
type Logger struct {
	*slog.Logger
	level  *slog.LevelVar
	redact *atomic.Pointer[[]string]
	queue  *queue
	format Format
}

// New starts a logger. Close it so that the last lines are written.
func New(o Options) *Logger {
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	if o.Queue == 0 {
		o.Queue = 4096
	}
	l := &Logger{level: new(slog.LevelVar), redact: new(atomic.Pointer[[]string]), format: choose(o)}
	l.level.Set(o.Level)
	l.SetRedact(o.Redact)
	// The notice about dropped lines goes past the queue that was full.
	direct := slog.New(l.handler(o, safe{o.Out, o.Hide}))
	l.queue = newQueue(safe{o.Out, o.Hide}, o.Queue, func(n uint64) {
		direct.Warn("log lines dropped", slog.Uint64("dropped", n))
	})
	l.Logger = slog.New(limitRepeats(l.handler(o, l.queue)))
	return l
}

// SetLevel changes the least severe level that is written.
func (l *Logger) SetLevel(level slog.Level) { l.level.Set(level) }

// SetRedact changes the words that mask attributes.
func (l *Logger) SetRedact(words []string) {
	plain := make([]string, 0, len(words))
	for _, w := range words {
		if w = fold(w); w != "" {
			plain = append(plain, w)
		}
	}
	l.redact.Store(&plain)
}

// Dropped is how many lines were lost because nobody read what was written.
func (l *Logger) Dropped() uint64 { return l.queue.dropped.Load() }

// Close writes what waits, until ctx ends, and reports whether everything was
// written. Lines logged after Close are dropped.
func (l *Logger) Close(ctx context.Context) bool { return l.queue.close(ctx) }

// ParseLevel reads debug, info, warn or error; anything else is info.
func ParseLevel(s string) slog.Level {
	var level slog.Level
	if level.UnmarshalText([]byte(s)) != nil {
		return slog.LevelInfo
	}
	return level
}

// fold makes names comparable: lower case, hyphens as underscores.
func fold(s string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimSpace(s)), "-", "_")
}
