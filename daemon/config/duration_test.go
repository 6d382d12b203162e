package config

import (
	"strings"
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		want time.Duration
		err  string // in the error; "" = none
	}{
		{"0", 0, ""},
		{"0s", 0, ""},
		{"500ms", 500 * time.Millisecond, ""},
		{"1h30m", 90 * time.Minute, ""},
		{" 5m ", 5 * time.Minute, ""},
		{"7d", 7 * day, ""},
		{"1w", 7 * day, ""},
		{"2w1d12h", 15*day + 12*time.Hour, ""},
		{"1d1.5h", 25*time.Hour + 30*time.Minute, ""},
		{"0d", 0, ""},
		{"106000d", 106000 * day, ""},

		{"", 0, "not a duration"},
		{"30", 0, `"30" has no unit: write 30s`},
		{"1.5", 0, "write 1.5s"},
		{"-5s", 0, `"-5s" is negative`},
		{"-0", 0, "is negative"},
		{"1d-5h", 0, "not a duration"},
		{"5 m", 0, "not a duration"},
		{"1.5d", 0, "not a duration"},
		{"1d2w", 0, "not a duration"},
		{"5h1d", 0, "not a duration"},
		{"soon", 0, "not a duration"},
		{"1y", 0, "not a duration"},
		{"200000d", 0, "too long"},
		{"99999999999d", 0, "too long"},
		{"106751d23h59m", 0, "too long"},
		{"20000w", 0, "too long"},
		{"9999999999h", 0, "not a duration"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			got, err := ParseDuration(tt.in)
			if tt.err == "" && (err != nil || got != tt.want) {
				t.Errorf("ParseDuration(%q) = %v, %v, want %v", tt.in, got, err, tt.want)
			}
			if tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("ParseDuration(%q) = %v, %v, want an error with %q", tt.in, got, err, tt.err)
			}
		})
	}
}

func TestFormatDuration(t *testing.T) {
	t.Parallel()
	want := map[time.Duration]string{
		0: "0s", time.Second: "1s", time.Minute: "1m", time.Hour: "1h", 90 * time.Minute: "1h30m", 90 * time.Second: "1m30s",
		day: "1d", 7 * day: "7d", day + 12*time.Hour: "1d12h", day + time.Minute: "24h1m", 1500 * time.Millisecond: "1.5s",
	}
	for d, s := range want {
		if got := formatDuration(d); got != s {
			t.Errorf("formatDuration(%v) = %q, want %q", d, got, s)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"7d", "1w2d3h4m5s", "500ms", "-1s", "30", "", "1d-1h", "9223372036854775807ns"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDuration(s)
		if err != nil {
			return
		}
		if d < 0 {
			t.Fatalf("ParseDuration(%q) = %v, which is negative", s, d)
		}
		again, err := ParseDuration(formatDuration(d))
		if err != nil || again != d {
			t.Fatalf("ParseDuration(%q) = %v, but its own form %q reads as %v, %v", s, d, formatDuration(d), again, err)
		}
	})
}
