package schedule_test

import (
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/schedule"
)

// TestDSTGolden is the table of zones of the specification, by hand.
func TestDSTGolden(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, expr, zone, from string
		once, wall             string // slots after from, as short as tells them apart
	}{
		{
			"New York gap", "30 2 * * *", "America/New_York", "2026-03-07T00:00:00Z",
			"2026-03-07T07:30:00Z 2026-03-08T07:00:00Z 2026-03-09T06:30:00Z",
			"2026-03-07T07:30:00Z 2026-03-09T06:30:00Z",
		}, {
			"New York repeat", "30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z",
			"2026-11-01T05:30:00Z 2026-11-02T06:30:00Z",
			"2026-11-01T05:30:00Z 2026-11-01T06:30:00Z 2026-11-02T06:30:00Z",
		}, {
			"New York gap times are one slot", "0,15,30 2,3 * * *", "America/New_York", "2026-03-08T06:00:00Z",
			"2026-03-08T07:00:00Z 2026-03-08T07:15:00Z 2026-03-08T07:30:00Z 2026-03-09T06:00:00Z",
			"2026-03-08T07:00:00Z 2026-03-08T07:15:00Z 2026-03-08T07:30:00Z 2026-03-09T06:00:00Z",
		}, {
			"New York gap with seconds", "*/20 30 2 * * *", "America/New_York", "2026-03-08T00:00:00Z",
			"2026-03-08T07:00:00Z 2026-03-09T06:30:00Z",
			"2026-03-09T06:30:00Z 2026-03-09T06:30:20Z",
		}, {
			"New York wildcard hour", "30 * * * *", "America/New_York", "2026-03-08T06:00:00Z",
			"2026-03-08T06:30:00Z 2026-03-08T07:30:00Z", "2026-03-08T06:30:00Z 2026-03-08T07:30:00Z",
		}, {
			"New York wildcard minute", "*/30 2 * * *", "America/New_York", "2026-03-07T00:00:00Z",
			"2026-03-07T07:00:00Z 2026-03-07T07:30:00Z 2026-03-09T06:00:00Z",
			"2026-03-07T07:00:00Z 2026-03-07T07:30:00Z 2026-03-09T06:00:00Z",
		}, {
			"New York wildcard repeat", "30 */1 * * *", "America/New_York", "2026-11-01T05:00:00Z",
			"2026-11-01T05:30:00Z 2026-11-01T06:30:00Z 2026-11-01T07:30:00Z",
			"2026-11-01T05:30:00Z 2026-11-01T06:30:00Z 2026-11-01T07:30:00Z",
		}, {
			"London gap", "30 1 * * *", "Europe/London", "2026-03-28T12:00:00Z",
			"2026-03-29T01:00:00Z 2026-03-30T00:30:00Z", "2026-03-30T00:30:00Z 2026-03-31T00:30:00Z",
		}, {
			"London repeat", "30 1 * * *", "Europe/London", "2026-10-24T12:00:00Z",
			"2026-10-25T00:30:00Z 2026-10-26T01:30:00Z", "2026-10-25T00:30:00Z 2026-10-25T01:30:00Z",
		}, {
			"Lord Howe gap of 30 minutes", "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z",
			"2026-10-03T15:30:00Z 2026-10-04T15:15:00Z", "2026-10-04T15:15:00Z 2026-10-05T15:15:00Z",
		}, {
			"Lord Howe first half hour after the gap", "45 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z",
			"2026-10-03T15:45:00Z 2026-10-04T15:45:00Z", "2026-10-03T15:45:00Z 2026-10-04T15:45:00Z",
		}, {
			"Lord Howe repeat", "45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z",
			"2026-04-04T14:45:00Z 2026-04-05T15:15:00Z", "2026-04-04T14:45:00Z 2026-04-04T15:15:00Z 2026-04-05T15:15:00Z",
		}, {
			"Sao Paulo without midnight", "0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00:00Z",
			"2018-11-04T03:00:00Z 2018-11-05T02:00:00Z", "2018-11-05T02:00:00Z 2018-11-06T02:00:00Z",
		}, {
			"Beirut without midnight", "0 0 * * *", "Asia/Beirut", "2023-03-24T22:30:00Z",
			"2023-03-25T22:00:00Z 2023-03-26T21:00:00Z", "2023-03-26T21:00:00Z",
		}, {
			"Casablanca before Ramadan", "30 2 * * *", "Africa/Casablanca", "2026-02-14T12:00:00Z",
			"2026-02-15T01:30:00Z 2026-02-16T02:30:00Z", "2026-02-15T01:30:00Z 2026-02-15T02:30:00Z 2026-02-16T02:30:00Z",
		}, {
			"Casablanca after Ramadan", "30 2 * * *", "Africa/Casablanca", "2026-03-21T12:00:00Z",
			"2026-03-22T02:00:00Z 2026-03-23T01:30:00Z", "2026-03-23T01:30:00Z 2026-03-24T01:30:00Z",
		}, {
			"Apia without a day", "0 12 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z",
			"2011-12-29T22:00:00Z 2011-12-30T10:00:00Z 2011-12-30T22:00:00Z",
			"2011-12-29T22:00:00Z 2011-12-30T22:00:00Z",
		}, {
			"Apia, the whole day is one slot", "0 0-23 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z",
			"2011-12-30T10:00:00Z 2012-12-29T10:00:00Z", "2012-12-29T10:00:00Z",
		}, {
			"Kathmandu", "0 6 * * *", "Asia/Kathmandu", "2026-01-01T00:00:00Z",
			"2026-01-01T00:15:00Z 2026-01-02T00:15:00Z", "2026-01-01T00:15:00Z",
		}, {
			"UTC", "30 2 * * *", "", "2026-03-07T00:00:00Z",
			"2026-03-07T02:30:00Z 2026-03-08T02:30:00Z", "2026-03-07T02:30:00Z",
		}, {
			"beyond 2100, leap day", "30 2 29 2 *", "America/New_York", "2096-03-01T00:00:00Z",
			"2104-02-29T07:30:00Z 2108-02-29T07:30:00Z", "2104-02-29T07:30:00Z",
		}, {
			"beyond 2100, gap", "30 2 * * *", "America/New_York", "2400-03-12T00:00:00Z",
			"2400-03-12T07:00:00Z 2400-03-13T06:30:00Z", "2400-03-13T06:30:00Z",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for dst, want := range map[schedule.DSTPolicy]string{schedule.DSTOnce: tt.once, schedule.DSTWall: tt.wall} {
				s := mustNew(t, schedule.Spec{Expr: tt.expr, Zone: tt.zone, DST: dst})
				if got := following(s, utc(t, tt.from), len(strings.Fields(want))); got != want {
					t.Errorf("dst=%s:\n got %s\nwant %s", dst, got, want)
				}
			}
		})
	}
}

// following formats the n slots after an instant.
func following(s *schedule.Schedule, at time.Time, n int) string {
	var texts []string
	for range n {
		if at = s.Next(at); at.IsZero() {
			texts = append(texts, "none")
			break
		}
		texts = append(texts, at.Format(time.RFC3339))
	}
	return strings.Join(texts, " ")
}

// TestCanonical is the normal form of what users write; among it everything that
// cronexpr misreads (docs: dependencies, §2.5).
func TestCanonical(t *testing.T) {
	t.Parallel()
	tests := []struct{ expr, want string }{
		{"0 0 * * 1-7", "0 0 * * 0-6"},
		{"0 0 * * MON-SUN", "0 0 * * 0-6"},
		{"0 0 * * FRI-SUN", "0 0 * * 0,5,6"},
		{"0 0 * * 5-7", "0 0 * * 0,5,6"},
		{"0 0 * * 6-7", "0 0 * * 0,6"},
		{"0 0 * * 0-7", "0 0 * * 0-6"},
		{"0 0 * * 0-0", "0 0 * * 0"},
		{"0 0 * * SUN-SUN", "0 0 * * 0"},
		{"0 0 * * 7-7", "0 0 * * 0"},
		{"0 0 * * 7", "0 0 * * 0"},
		{"0 0 * * 7-2", "0 0 * * 0-2"},
		{"0 0 * * 1-7/2", "0 0 * * 0,1,3,5"},
		{"0 0 * * FRI-MON", "0 0 * * 0,1,5,6"},
		{"0 0 * * friday,Sunday", "0 0 * * 0,5"},
		{"0 22-2 * * *", "0 0-2,22,23 * * *"},
		{"0 22-2/2 * * *", "0 0,2,22 * * *"},
		{"50-10/10 * * * *", "0,10,50 * * * *"},
		{"0 0 28-3 * *", "0 0 1-3,28-31 * *"},
		{"0 0 1 NOV-FEB *", "0 0 1 1,2,11,12 *"},
		{"0 0 1 */3 *", "0 0 1 */3 *"},
		{"0 0 1 jan,april *", "0 0 1 1,4 *"},
		{"*/30 * * * * *", "*/30 * * * * *"},
		{"0 */30 * * * *", "*/30 * * * *"},
		{"0 0 12 * * ? 2030", "0 0 12 * * * 2030"},
		{"0 0 12 * * ? *", "0 12 * * *"},
		{"@Daily", "0 0 * * *"},
		{"@midnight", "0 0 * * *"},
		{"@HOURLY", "0 * * * *"},
		{"@weekly", "0 0 * * 0"},
		{"@monthly", "0 0 1 * *"},
		{"@yearly", "0 0 1 1 *"},
		{"@annually", "0 0 1 1 *"},
		{"@every 90s", "@every 1m30s"},
		{"@every 1.5h", "@every 1h30m"},
		{"@EVERY 36H", "@every 1d12h"},
		{"@every 2w", "@every 14d"},
		{"0 0 */2 * MON", "0 0 */2 * 1"},
		{"0 0 L,lw,15w * ?", "0 0 15W,L,LW * *"},
		{"0 0 * * 5l,Fri#2,7#1", "0 0 * * 0#1,5#2,5L"},
		{"5/15 * * * *", "5-50/15 * * * *"},
		{"10-50/10 * * * *", "10-50/10 * * * *"},
		{"0,15,30,45 * * * *", "0-45/15 * * * *"},
		{"*/15 * * * *", "*/15 * * * *"},
		{"*/15,7 * * * *", "*/15,7 * * * *"},
		{"7,*/15 * * * *", "0,7,15,30,45 * * * *"},
		{"*/1 */1 * * *", "* * * * *"},
		{"0-59 0-23 1-31 1-12 0-6", "0-59 0-23 1-31 * 0-6"},
		{"*,5 * *,3 * *", "* * * * *"},
		{" 0\t0  * * *  ", "0 0 * * *"},
		{"00 09 01 01 *", "0 9 1 1 *"},
	}
	for _, tt := range tests {
		s := mustNew(t, schedule.Spec{Expr: tt.expr})
		if got := s.Canonical(); got != tt.want {
			t.Errorf("Canonical(%q) = %q, want %q", tt.expr, got, tt.want)
		}
		if again := mustNew(t, schedule.Spec{Expr: s.Canonical()}).Canonical(); again != tt.want {
			t.Errorf("Canonical(%q) = %q is no fixed point", tt.want, again)
		}
	}
}

// TestHashIsStable pins what H gives: stored jobs rely on it.
func TestHashIsStable(t *testing.T) {
	t.Parallel()
	tests := []struct{ expr, seed, want string }{
		{"H H * * *", "", "11 16 * * *"},
		{"H H * * *", "default/backup", "53 0 * * *"},
		{"H H * * *", "default/report", "45 11 * * *"},
		{"H/15 * * * *", "default/backup", "8-53/15 * * * *"},
		{"H(0-29) * * * *", "default/backup", "23 * * * *"},
		{"H(0-29)/10 * * * *", "default/backup", "3,13,23 * * * *"},
		{"H H H H H", "default/backup", "53 0 25 11 3"},
		{"H H H H/3 H H", "default/backup", "33 53 0 1-28/3 11 3"},
		{"h h(1-5) * * h", "default/backup", "53 4 * * 3"},
	}
	for _, tt := range tests {
		s := mustNew(t, schedule.Spec{Expr: tt.expr, Seed: tt.seed})
		if got := s.Canonical(); got != tt.want {
			t.Errorf("%q with seed %q = %q, want %q", tt.expr, tt.seed, got, tt.want)
		}
	}
}
