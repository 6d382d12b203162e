package redis

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/agentic-sdlc/scheduler/queue"
)

func TestPace(t *testing.T) {
	t.Parallel()
	gone, away := errors.New("NOGROUP No such key"), errors.New("EOF")
	for _, tt := range []struct {
		err  error
		want []time.Duration // milliseconds
	}{
		{gone, []time.Duration{0, 100, 200, 400, 800, 1600, 3200, 5000, 5000}},
		{away, []time.Duration{100, 200, 400, 800, 1000, 1000}},
	} {
		var p pace
		for range 2 {
			var got []time.Duration
			for range tt.want {
				got = append(got, p.failed(tt.err)/time.Millisecond)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("pauses after %v differ (-want +got):\n%s", tt.err, diff)
			}
			p.reset()
		}
	}
}

func TestLimitedLog(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var text strings.Builder
	l := limitedLog{logger: slog.New(slog.NewTextHandler(&text, nil)), now: func() time.Time { return now }}
	for range 100 {
		l.warn(t.Context(), "one")
	}
	l.warn(t.Context(), "other")
	if one, other := strings.Count(text.String(), "msg=one"), strings.Count(text.String(), "msg=other"); one != 10 || other != 1 {
		t.Errorf("%d and %d lines, want 10 and 1", one, other)
	}
	now = now.Add(time.Minute)
	l.warn(t.Context(), "one")
	if !strings.Contains(text.String(), "dropped_lines=90") {
		t.Errorf("the next line does not say how many were dropped:\n%s", text.String())
	}
}

func FuzzParse(f *testing.F) {
	f.Add("1/1-1/x", "1-1")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, receipt, value string) {
		if rank, text, id, _, ok := parseReceipt(receipt); ok {
			if at, valid := parseEntryID(text); !valid || at != id || rank < 0 {
				t.Errorf("receipt %q names rank %d, entry %q", receipt, rank, text)
			}
		}
		m := fromValues(map[string]any{
			fieldExecution: value, fieldJob: value, fieldReady: value, fieldTimeout: value, fieldPriority: value, "other": 7,
		})
		if !m.ExecutionID.IsZero() && m.ExecutionID.String() != strings.ToLower(value) {
			t.Errorf("%q is read as execution %s", value, m.ExecutionID)
		}
		_ = level(&m, time.Now())
		b := Bus{}
		b.hand(make(chan queue.Event, 1), value)
	})
}
