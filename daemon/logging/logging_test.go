package logging

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// lines logs with emit and returns what was written, without times.
func lines(t *testing.T, o Options, emit func(*Logger)) string {
	t.Helper()
	var out bytes.Buffer
	o.Out = &out
	l := New(o)
	emit(l)
	if !l.Close(t.Context()) {
		t.Fatal("the log was not written")
	}
	return out.String()
}

func TestFormats(t *testing.T) {
	t.Parallel()
	emit := func(l *Logger) {
		l.Debug("not written")
		l.Warn("lease lost", slog.String("job", "nightly backup"), slog.Int("attempt", 2))
		l.With(slog.String("component", "timer")).WithGroup("db").Error("query failed", slog.Any("error", errors.New("disk full")))
	}
	tests := []struct {
		format Format
		want   []string // in this order, among others
	}{
		{JSON, []string{
			`"level":"WARN","msg":"lease lost","job":"nightly backup","attempt":2}`,
			`"level":"ERROR","msg":"query failed","component":"timer","db":{"error":"disk full"}}`,
		}},
		{Text, []string{
			`level=WARN msg="lease lost" job="nightly backup" attempt=2`,
			`level=ERROR msg="query failed" component=timer db.error="disk full"`,
		}},
		{Pretty, []string{
			`WRN lease lost job="nightly backup" attempt=2`,
			`ERR query failed component=timer db.error="disk full"`,
		}},
		{Journal, []string{
			"<4>msg=\"lease lost\" job=\"nightly backup\" attempt=2\n" +
				"<3>msg=\"query failed\" component=timer db.error=\"disk full\"\n",
		}},
	}
	for _, tt := range tests {
		t.Run(string(tt.format), func(t *testing.T) {
			t.Parallel()
			got := lines(t, Options{Format: tt.format}, emit)
			rest := got
			for _, want := range tt.want {
				_, after, ok := strings.Cut(rest, want)
				if !ok {
					t.Errorf("log lacks %q:\n%s", want, got)
				}
				rest = after
			}
			if strings.Contains(got, "not written") {
				t.Errorf("debug line in the log:\n%s", got)
			}
		})
	}
}

func TestRedaction(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for _, format := range []Format{JSON, Text, Pretty, Journal} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			got := lines(t, Options{Format: format, Redact: []string{"password", "API_Key", " "}}, func(l *Logger) {
				l.Info("login",
					slog.String("db_Password", secret),
					slog.String("x-api-key", secret),
					slog.Group("password", slog.String("old", secret)),
					slog.Group("request", slog.Any("api_key", errors.New(secret))),
					slog.String("user", "alice"))
				l.With(slog.String("password", secret)).Info("again")
				l.SetRedact(nil)
				l.Info("shown", slog.String("password", "visible"))
			})
			if strings.Contains(got, secret) {
				t.Errorf("secret in the log:\n%s", got)
			}
			for _, want := range []string{"***", "alice", "visible"} {
				if !strings.Contains(got, want) {
					t.Errorf("log lacks %q:\n%s", want, got)
				}
			}
		})
	}
}

// TestHide: secrets are hidden in all of a line, in the message and in the notice about lost
// lines too.
func TestHide(t *testing.T) {
	t.Parallel()
	hide := strings.NewReplacer("hunter2", "[redacted]").Replace
	for _, format := range []Format{JSON, Text, Pretty, Journal} {
		got := lines(t, Options{Format: format, Hide: hide}, func(l *Logger) {
			l.Info("as hunter2", slog.Any("err", fmt.Errorf("dial: %w", errors.New("password hunter2 refused"))), slog.Group("g", slog.String("hunter2", "x")))
		})
		if strings.Contains(got, "hunter2") || strings.Count(got, "[redacted]") != 3 {
			t.Errorf("%s: %s", format, got)
		}
	}
}

func TestControlCharactersAreEscaped(t *testing.T) {
	t.Parallel()
	bad := "a\x1b]0;pwn\x07\r\nb\u009b31m\u202ec\x7f\u2028d"
	for _, format := range []Format{JSON, Text, Pretty, Journal} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			got := lines(t, Options{Format: format}, func(l *Logger) {
				l.Info(bad, slog.String("name", bad), slog.Any("error", errors.New(bad)), slog.Any("list", []string{bad}),
					slog.Any("stringer", stringer(bad)))
			})
			line := strings.TrimSuffix(got, "\n")
			for _, r := range line {
				if dangerous(r) {
					t.Fatalf("raw %U in the log: %q", r, got)
				}
			}
			if format == JSON && !json.Valid([]byte(line)) {
				t.Errorf("not JSON: %s", line)
			}
		})
	}
}

type stringer string

func (s stringer) String() string { return string(s) }

func TestLevelChanges(t *testing.T) {
	t.Parallel()
	got := lines(t, Options{Format: Journal}, func(l *Logger) {
		l.SetLevel(slog.LevelError)
		l.Warn("one")
		l.SetLevel(slog.LevelDebug)
		l.Debug("two")
		if !l.Enabled(context.Background(), slog.LevelDebug) {
			t.Error("debug is not enabled after SetLevel(debug)")
		}
	})
	if want := "<7>msg=two\n"; got != want {
		t.Errorf("log = %q, want %q", got, want)
	}
}

func TestParseLevel(t *testing.T) {
	t.Parallel()
	want := map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError, "loud": slog.LevelInfo,
	}
	for s, level := range want {
		if got := ParseLevel(s); got != level {
			t.Errorf("ParseLevel(%q) = %v, want %v", s, got, level)
		}
	}
}

// TestAutoFormat uses a pipe, which is neither a terminal nor, unless the variable
// names it, the journal.
func TestAutoFormat(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	info, err := w.Stat()
	if err != nil {
		t.Fatal(err)
	}
	st := info.Sys().(*syscall.Stat_t)
	tests := []struct {
		name   string
		out    io.Writer
		stream string
		want   Format
	}{
		{"a pipe", w, "", JSON},
		{"no file at all", io.Discard, "1:2", JSON},
		{"the journal", w, fmt.Sprintf("%d:%d", st.Dev, st.Ino), Journal},
		{"the journal's variable, inherited", w, fmt.Sprintf("%d:%d", st.Dev, st.Ino+1), JSON},
		{"nonsense in the variable", w, "x", JSON},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"JOURNAL_STREAM": tt.stream}
			got := choose(Options{Out: tt.out, Getenv: func(k string) string { return env[k] }})
			if got != tt.want {
				t.Errorf("format = %s, want %s", got, tt.want)
			}
		})
	}
}

// stuck is a writer that takes nothing until it is freed.
type stuck struct {
	free chan struct{}
	mu   sync.Mutex
	got  bytes.Buffer
}

func (s *stuck) Write(p []byte) (int, error) {
	<-s.free
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got.Write(p)
}

func TestStuckOutputNeverBlocks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &stuck{free: make(chan struct{})}
		l := New(Options{Out: out, Format: Journal, Queue: 3})
		l.Info("first") // taken by the writer, which is stuck with it
		synctest.Wait()
		for i := range 10 {
			l.Info("line", slog.Int("i", i))
		}
		if got, want := l.Dropped(), uint64(7); got != want {
			t.Errorf("dropped = %d, want %d", got, want)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if l.Close(ctx) {
			t.Error("Close said that everything is written while nothing could be")
		}
		l.Info("after close")
		close(out.free)
		if !l.Close(t.Context()) {
			t.Error("Close said that something is unwritten after the output moved again")
		}
		want := "<6>msg=first\n<4>msg=\"log lines dropped\" dropped=8\n<6>msg=line i=0\n<6>msg=line i=1\n<6>msg=line i=2\n"
		if diff := cmp.Diff(want, out.got.String()); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
	})
}

func TestFailingOutputCountsAsDropped(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	r.CloseWithError(errors.New("closed"))
	l := New(Options{Out: w, Format: JSON})
	l.Info("one")
	l.Info("two")
	l.Close(t.Context())
	if got := l.Dropped(); got != 2 {
		t.Errorf("dropped = %d, want 2", got)
	}
}

func BenchmarkInfo(b *testing.B) {
	l := New(Options{Out: io.Discard, Format: JSON, Redact: []string{"password", "token", "secret"}})
	defer l.Close(b.Context())
	b.ReportAllocs()
	for b.Loop() {
		l.Info("execution finished", slog.String("job", "nightly"), slog.Int("attempt", 1))
	}
}

// TestRepeatsAreCounted: a fault that comes back many times a second is written a few
// times a minute, with the number of those left out; other faults are not held up.
func TestRepeatsAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got := lines(t, Options{Format: Text}, func(l *Logger) {
			for range 3 {
				for i := range 100 {
					l.With(slog.Int("try", i)).Error("tick failed")
					l.Info("started")
				}
				l.Warn("queue is away")
				time.Sleep(time.Minute)
			}
		})
		for text, want := range map[string]int{`msg="tick failed"`: 15, "suppressed=95": 2, `msg="queue is away"`: 3, "msg=started": 300} {
			if n := strings.Count(got, text); n != want {
				t.Errorf("%s is written %d times, want %d", text, n, want)
			}
		}
	})
}
