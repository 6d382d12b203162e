package timex

import (
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// Sunday, 18:30 in Berlin.
var sunday = time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)

func TestFuture(t *testing.T) {
	t.Parallel()
	berlin := zone(t, "Europe/Berlin")
	tests := []struct {
		name, text, want string
	}{
		{"now", "now", "2026-11-22T17:30:00Z"},
		{"plus", "+2h", "2026-11-22T19:30:00Z"},
		{"in, compact", "in 1h30m", "2026-11-22T19:00:00Z"},
		{"in, words", "in 3 days", "2026-11-25T17:30:00Z"},
		{"in, two words", "In 1 hour 15 minutes", "2026-11-22T18:45:00Z"},
		{"later today", "19:00", "2026-11-22T18:00:00Z"},
		{"time gone by is tomorrow", "09:00", "2026-11-23T08:00:00Z"},
		{"this very minute is tomorrow", "18:30", "2026-11-23T17:30:00Z"},
		{"with seconds", "19:00:07", "2026-11-22T18:00:07Z"},
		{"noon", "noon", "2026-11-23T11:00:00Z"},
		{"midnight", "midnight", "2026-11-22T23:00:00Z"},
		{"tomorrow", "tomorrow 10:00", "2026-11-23T09:00:00Z"},
		{"tomorrow at", "tomorrow at noon", "2026-11-23T11:00:00Z"},
		{"today in the past stays", "today 09:00", "2026-11-22T08:00:00Z"},
		{"weekday", "mon 09:00", "2026-11-23T08:00:00Z"},
		{"same weekday, gone by", "sun 09:00", "2026-11-29T08:00:00Z"},
		{"same weekday, to come", "sunday 20:00", "2026-11-22T19:00:00Z"},
		{"next of the same weekday", "next sun 20:00", "2026-11-29T19:00:00Z"},
		{"next", "next mon at 09:00", "2026-11-23T08:00:00Z"},
		{"date and time", "2026-12-01 09:00", "2026-12-01T08:00:00Z"},
		{"date T time", "2026-12-01T09:00:30", "2026-12-01T08:00:30Z"},
		{"date at time", "2026-12-01 at 09:00", "2026-12-01T08:00:00Z"},
		{"date noon", "2026-12-01 noon", "2026-12-01T11:00:00Z"},
		{"RFC 3339", "2026-12-01T09:00:00-05:00", "2026-12-01T14:00:00Z"},
		{"RFC 3339 with a blank", "2026-12-01 09:00:00z", "2026-12-01T09:00:00Z"},
		{"unix", "@1767225600", "2026-01-01T00:00:00Z"},
		{"zone", "tomorrow 10:00 America/New_York", "2026-11-23T15:00:00Z"},
		{"UTC", "2026-12-01 09:00 utc", "2026-12-01T09:00:00Z"},
		{"first of a repeated hour", "2027-10-31 02:30", "2027-10-31T00:30:00Z"},
		{"blanks", "  tomorrow   10:00 ", "2026-11-23T09:00:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := Reader{Now: sunday, Zone: berlin}.Future(tt.text)
			if err != nil {
				t.Fatalf("Future(%q): %v", tt.text, err)
			}
			if s := got.At.Format(time.RFC3339); s != tt.want {
				t.Errorf("Future(%q) = %s, want %s", tt.text, s, tt.want)
			}
		})
	}
}

// TestBound reads the ends of a span: as the future is read, but that days have a beginning.
func TestBound(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2027-03-28": "2027-03-28T00:00:00+02:00", "tomorrow": "2026-11-23T00:00:00+02:00", "09:00": "2026-11-23T09:00:00+02:00", "+1h": "2026-11-22T20:30:00+02:00",
	} {
		got, err := Reader{Now: sunday, Zone: time.FixedZone("", 2*60*60)}.Bound(text)
		if err != nil {
			t.Fatalf("Bound(%q): %v", text, err)
		}
		if s := got.At.In(time.FixedZone("", 2*60*60)).Format(time.RFC3339); s != want {
			t.Errorf("Bound(%q) = %s, want %s", text, s, want)
		}
	}
}

func TestPast(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, want string
	}{
		{"bare duration", "3d", "2026-11-19T17:30:00Z"},
		{"negative duration", "-90m", "2026-11-22T16:00:00Z"},
		{"ago", "2h ago", "2026-11-22T15:30:00Z"},
		{"ago in words", "2 days ago", "2026-11-20T17:30:00Z"},
		{"time of today", "09:00", "2026-11-22T09:00:00Z"},
		{"time to come was yesterday", "18:00", "2026-11-21T18:00:00Z"},
		{"day", "yesterday", "2026-11-21T00:00:00Z"},
		{"date", "2026-10-23", "2026-10-23T00:00:00Z"},
		{"weekday", "mon", "2026-11-16T00:00:00Z"},
		{"weekday and time", "sun 09:00", "2026-11-22T09:00:00Z"},
		{"same weekday to come", "sun 20:00", "2026-11-15T20:00:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := Reader{Now: sunday, Zone: time.UTC}.Past(tt.text)
			if err != nil {
				t.Fatalf("Past(%q): %v", tt.text, err)
			}
			if s := got.At.Format(time.RFC3339); s != tt.want {
				t.Errorf("Past(%q) = %s, want %s", tt.text, s, tt.want)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text, says string
	}{
		{"", "not a time"},
		{"tomorow 9", `did you mean "tomorrow"`},
		{"25:00", "hour 25 is outside 0-23"},
		{"09:60", "minute 60"},
		{"9", "not a time"},
		{"9am", "not a time"},
		{"garbage", "not a time"},
		{"backup tomorrow maybe", "not a time"},
		{"12/01/2026", "not a time"},
		{"2026-02-30 09:00", "no such date"},
		{"2026-12-01T24:00", "hour 24"},
		{"2026-12-01", "without a time"},
		{"tomorrow", "without a time"},
		{"tomorrow 10:00 Mars/Base", "unknown time zone"},
		{"2027-03-28 02:30", "does not exist"},
		{"in", "not a time"},
		{"in 5", "no unit"},
		{"in -5m", "negative"},
		{"@99999999999999", "not a time"},
		{"+500000h", ""}, // fine: 57 years
		{"+99999w", ""},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			got, err := Reader{Now: sunday, Zone: zone(t, "Europe/Berlin")}.Future(tt.text)
			if tt.says == "" {
				return
			}
			if job.CodeOf(err) != job.Invalid || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Future(%q) = %v, %v, want invalid, %q", tt.text, got.At, err, tt.says)
			}
		})
	}
}

func TestParseDuration(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want time.Duration // -1 = refused
	}{
		{"90s", 90 * time.Second},
		{"1h30m", 90 * time.Minute},
		{"1.5h", 90 * time.Minute},
		{"2d", 48 * time.Hour},
		{"1w", 168 * time.Hour},
		{"250ms", 250 * time.Millisecond},
		{"0", 0},
		{"0s", 0},
		{"PT1H30M", 90 * time.Minute},
		{"P1DT12H", 36 * time.Hour},
		{"p2w", 336 * time.Hour},
		{"30", -1},
		{"-5m", -1},
		{"", -1},
		{"5x", -1},
		{"m", -1},
		{"1h ", time.Hour},
		{"1 h", -1},
		{"P1Y", -1},
		{"P1M", -1},
		{"P", -1},
		{"PT", -1},
		{"P1DT", -1},
		{"1..5h", -1},
		{"99999999999h", -1},
		{"+5m", -1},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			got, err := ParseDuration(tt.text)
			switch {
			case tt.want < 0 && job.CodeOf(err) != job.Invalid:
				t.Errorf("ParseDuration(%q) = %v, %v, want invalid", tt.text, got, err)
			case tt.want >= 0 && (err != nil || got != tt.want):
				t.Errorf("ParseDuration(%q) = %v, %v, want %v", tt.text, got, err, tt.want)
			}
		})
	}
}

func TestEcho(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	if got, want := Echo(at, zone(t, "America/New_York")), "Mon 2026-11-23 10:00 -05:00 (15:00 UTC)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := Echo(at, time.UTC), "Mon 2026-11-23 15:00 UTC"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// FuzzFuture holds that no text panics and that what is accepted can be said back.
func FuzzFuture(f *testing.F) {
	for _, seed := range []string{"tomorrow 10:00", "+2h", "next mon noon", "2026-12-01T09:00:00+01:00", "@0", "in 3 days UTC"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := Reader{Now: sunday, Zone: time.UTC}
		got, err := r.Future(text)
		if err != nil {
			if job.CodeOf(err) != job.Invalid {
				t.Fatalf("Future(%q): %v has code %s", text, err, job.CodeOf(err))
			}
			return
		}
		again, err := r.Future(got.At.Format(time.RFC3339))
		if err != nil || again.At.Unix() != got.At.Unix() {
			t.Fatalf("Future(%q) = %v, said back: %v, %v", text, got.At, again.At, err)
		}
	})
}

// FuzzDuration holds that no text panics, that no duration is negative, and that what is
// accepted can be said back.
func FuzzDuration(f *testing.F) {
	for _, seed := range []string{"90s", "1h30m", "2d", "1w", "PT1H30M", "P1D", "-5m", "5", "1e3s", "9999999w", ".5h"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDuration(text)
		if err != nil {
			if job.CodeOf(err) != job.Invalid {
				t.Fatalf("ParseDuration(%q): %v has code %s", text, err, job.CodeOf(err))
			}
			return
		}
		if again, err := ParseDuration(d.String()); d < 0 || err != nil || (again-d).Abs() > time.Microsecond {
			t.Fatalf("ParseDuration(%q) = %v, said back: %v, %v", text, d, again, err)
		}
	})
}
