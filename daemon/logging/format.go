package logging

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/lmittmann/tint"
	"golang.org/x/term"
)

// choose resolves Auto.
func choose(o Options) Format {
	if o.Format != "" && o.Format != Auto {
		return o.Format
	}
	f, ok := o.Out.(*os.File)
	switch {
	case ok && onJournal(f, o.Getenv("JOURNAL_STREAM")):
		return Journal
	case ok && term.IsTerminal(int(f.Fd())):
		return Pretty
	default:
		return JSON
	}
}

// onJournal reports whether stream, "device:inode" as systemd sets it, is f. The
// variable alone says nothing: it is inherited by programs that redirect.
func onJournal(f *os.File, stream string) bool {
	info, err := f.Stat()
	if err != nil || stream == "" {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && stream == fmt.Sprintf("%d:%d", st.Dev, st.Ino)
}

// handler makes the handler that writes whole lines to w, one Write each.
func (l *Logger) handler(o Options, w io.Writer) slog.Handler {
	opts := &slog.HandlerOptions{Level: l.level, ReplaceAttr: l.replace}
	switch l.format {
	case Text:
		return slog.NewTextHandler(w, opts)
	case Pretty:
		f, ok := o.Out.(*os.File)
		plain := !ok || !term.IsTerminal(int(f.Fd())) || o.Getenv("NO_COLOR") != "" || o.Getenv("TERM") == "dumb"
		return tint.NewTextHandler(w, &tint.Options{
			Level: l.level, ReplaceAttr: l.replacePretty, TimeFormat: time.TimeOnly, NoColor: plain,
		})
	case Journal:
		return newJournal(w, opts)
	default:
		return slog.NewJSONHandler(w, opts)
	}
}

// mask stands for a value that must not be written.
const mask = "***"

// replace masks attributes whose name, or the name of a group around them, contains
// a redacted word.
func (l *Logger) replace(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
		return a
	}
	words := *l.redact.Load()
	if covers(words, a.Key) {
		return slog.String(a.Key, mask)
	}
	for _, g := range groups {
		if covers(words, g) {
			return slog.String(a.Key, mask)
		}
	}
	return a
}

func covers(words []string, name string) bool {
	name = fold(name)
	for _, w := range words {
		if strings.Contains(name, w) {
			return true
		}
	}
	return false
}

// replacePretty also escapes control characters: that handler passes on those that
// look like colours.
func (l *Logger) replacePretty(groups []string, a slog.Attr) slog.Attr {
	a = l.replace(groups, a)
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(escape(a.Value.String()))
	case slog.KindAny:
		if len(groups) > 0 || a.Key != slog.LevelKey {
			a.Value = slog.StringValue(escape(fmt.Sprintf("%+v", a.Value.Any())))
		}
	}
	return a
}

// journal is a text handler for each of systemd's levels.
type journal [4]slog.Handler

func newJournal(w io.Writer, opts *slog.HandlerOptions) slog.Handler {
	replace := opts.ReplaceAttr
	without := *opts
	without.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
			return slog.Attr{}
		}
		return replace(groups, a)
	}
	var j journal
	for i, prefix := range []string{"<7>", "<6>", "<4>", "<3>"} {
		j[i] = slog.NewTextHandler(prefixed{w, prefix}, &without)
	}
	return j
}

func (j journal) of(level slog.Level) slog.Handler {
	switch {
	case level < slog.LevelInfo:
		return j[0]
	case level < slog.LevelWarn:
		return j[1]
	case level < slog.LevelError:
		return j[2]
	default:
		return j[3]
	}
}

// Enabled is that of the text handlers.
func (j journal) Enabled(ctx context.Context, level slog.Level) bool { return j[0].Enabled(ctx, level) }

// Handle writes r with the prefix of its level.
func (j journal) Handle(ctx context.Context, r slog.Record) error {
	return j.of(r.Level).Handle(ctx, r)
}

// WithAttrs returns a handler whose lines carry attrs.
func (j journal) WithAttrs(attrs []slog.Attr) slog.Handler {
	for i := range j {
		j[i] = j[i].WithAttrs(attrs)
	}
	return j
}

// WithGroup returns a handler that qualifies later attributes by name.
func (j journal) WithGroup(name string) slog.Handler {
	for i := range j {
		j[i] = j[i].WithGroup(name)
	}
	return j
}

// prefixed puts a prefix before each line.
type prefixed struct {
	w      io.Writer
	prefix string
}

func (p prefixed) Write(line []byte) (int, error) {
	_, err := p.w.Write(append([]byte(p.prefix), line...))
	return len(line), err
}
