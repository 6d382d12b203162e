package human

import (
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   time.Duration
		want string
	}{
		{-time.Second, "0s"},
		{4 * time.Millisecond, "4ms"},
		{800 * time.Millisecond, "0.8s"},
		{9960 * time.Millisecond, "10s"},
		{41 * time.Second, "41s"},
		{59900 * time.Millisecond, "1m00s"},
		{3*time.Minute + 4*time.Second, "3m04s"},
		{59*time.Minute + 59*time.Second + 900*time.Millisecond, "1h00m"},
		{2*time.Hour + 5*time.Minute, "2h05m"},
		{38 * time.Hour, "1d14h"},
	}
	for _, tt := range tests {
		if got := Duration(tt.in); got != tt.want {
			t.Errorf("Duration(%v) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestRelative(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)
	tests := []struct {
		in   time.Duration
		want string
	}{
		{0, "now"},
		{58 * time.Second, "in 58s"},
		{30 * time.Minute, "in 30m"},
		{13*time.Hour + 30*time.Minute, "in 13h30m"},
		{48 * time.Hour, "in 2d"},
		{-3 * time.Minute, "3m ago"},
		{-(6*24 + 9) * time.Hour, "6d9h ago"},
		{31 * 24 * time.Hour, "2026-12-23"},
		{-40 * 24 * time.Hour, "2026-10-13"},
	}
	for _, tt := range tests {
		if got := Relative(now.Add(tt.in), now, time.UTC); got != tt.want {
			t.Errorf("Relative(%v) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestSetting(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   time.Duration
		want string
	}{
		{0, "0s"}, {30 * time.Minute, "30m"}, {90 * time.Minute, "1h30m"}, {1500 * time.Millisecond, "1s500ms"}, {48 * time.Hour, "2d"},
	}
	for _, tt := range tests {
		if got := Setting(tt.in); got != tt.want {
			t.Errorf("Setting(%v) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestBytes(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 10 << 10: "10 KiB", 84 << 20: "84 MiB", 3 << 40: "3.0 TiB", 1<<63 - 1: "8.0 EiB"} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
}
