package memory

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/agentic-sdlc/scheduler/queue"
)

func TestBusCountsWhatItDrops(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := NewBus(BusOptions{Buffer: 2})
	slow, err := b.Subscribe(ctx, "*")
	if err != nil {
		t.Fatalf("Subscribe = %v, want no error", err)
	}
	for i := range 5 {
		_ = b.Publish(ctx, []queue.Event{{Name: "a", ID: strconv.Itoa(i)}})
	}
	if got := b.Dropped(); got != 3 {
		t.Errorf("Dropped() = %d, want 3", got)
	}
	for _, want := range []string{"3", "4"} {
		if got := (<-slow).ID; got != want {
			t.Errorf("event %s, want %s: the oldest go first", got, want)
		}
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		glob, name string
		want       bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"**", "abc", true},
		{"a*", "a", true},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "a-c-b", false},
		{"*ab", "aab", true},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"[a]", "a", false},
		{`\*`, "*", false},
		{"a.c", "abc", false},
	}
	for _, tt := range tests {
		if got := match(tt.glob, tt.name); got != tt.want {
			t.Errorf("match(%q, %q) = %t, want %t", tt.glob, tt.name, got, tt.want)
		}
	}
}

func TestBusHeard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := NewBus(BusOptions{})
		wantHeard(t, b, false)
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := b.Subscribe(ctx, "*"); err != nil {
			t.Fatalf("Subscribe = %v, want no error", err)
		}
		wantHeard(t, b, true)
		cancel()
		synctest.Wait()
		wantHeard(t, b, false)
	})
}

func wantHeard(t *testing.T, b *Bus, want bool) {
	t.Helper()
	if got, err := b.Heard(t.Context()); err != nil || got != want {
		t.Errorf("Heard = %v, %v, want %v", got, err, want)
	}
}
