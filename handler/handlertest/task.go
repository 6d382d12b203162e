package handlertest

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
)

// Line is one line that a handler logged.
type Line struct {
	Level  job.LogLevel
	Stream job.Stream
	Text   string
}

// Recorder is a handler.Log that remembers. It is safe for concurrent use.
type Recorder struct {
	mu    sync.Mutex
	lines []Line
}

var _ handler.Log = (*Recorder)(nil)

// Line remembers a line.
func (r *Recorder) Line(level job.LogLevel, stream job.Stream, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, Line{level, stream, text})
}

// Lines returns what was logged, in order.
func (r *Recorder) Lines() []Line {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines)
}

// Texts returns the lines of one stream.
func (r *Recorder) Texts(stream job.Stream) []string {
	var texts []string
	for _, line := range r.Lines() {
		if line.Stream == stream {
			texts = append(texts, line.Text)
		}
	}
	return texts
}

// Check checks that every line is one that a store takes.
func (r *Recorder) Check(t *testing.T) {
	t.Helper()
	for _, line := range r.Lines() {
		switch {
		case len(line.Text) > job.MaxLogLine:
			t.Errorf("a line has %d bytes, want at most %d", len(line.Text), job.MaxLogLine)
		case !utf8.ValidString(line.Text) || strings.ContainsAny(line.Text, "\x00\n"):
			t.Errorf("line %.200q: want valid UTF-8 without NUL and newline", line.Text)
		case !slices.Contains(job.LogLevels(), line.Level) || line.Stream == "":
			t.Errorf("line of level %q, stream %q", line.Level, line.Stream)
		}
	}
}

// NewTask returns the first attempt of some execution, and the log it writes to.
func NewTask(payload string) (*handler.Task, *Recorder) {
	log := &Recorder{}
	return &handler.Task{
		JobID:       job.ID{0x01, 0x99, 15: 1},
		JobName:     "nightly",
		Platform:    "default",
		ExecutionID: job.ID{0x01, 0x99, 15: 2},
		Attempt:     1,
		Token:       7,
		RunNumber:   42,
		Occurrence:  3,
		ScheduledAt: time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC),
		Trigger:     job.TriggerSchedule,
		Payload:     json.RawMessage(payload),
		TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		Log:         log,
	}, log
}
