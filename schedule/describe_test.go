package schedule_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/schedule"
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	const ny = "America/New_York"
	tests := []struct{ expr, zone, want string }{
		{"0 2 * * *", ny, "At 02:00, every day (America/New_York)"},
		{"30 2 * * *", "", "At 02:30, every day (UTC)"},
		{"0 2,14 * * *", "", "At 02:00 and 14:00, every day (UTC)"},
		{"0,30 9,10,11 * * *", "", "At 09:00, 09:30, 10:00, 10:30, 11:00 and 11:30, every day (UTC)"},
		{"15 30 2 * * *", "", "At 02:30:15, every day (UTC)"},
		{"*/2 * * * * *", ny, "Every 2 seconds"},
		{"* * * * * *", ny, "Every second"},
		{"*/30 * * * * *", "", "Every 30 seconds"},
		{"*/7 * * * * *", "", "At every 7th second past every minute"},
		{"* * * * *", ny, "Every minute"},
		{"*/15 * * * *", ny, "Every 15 minutes"},
		{"*/30 * * * *", ny, "Every 30 minutes"},
		{"0 * * * *", ny, "At minute 0 past every hour"},
		{"5,35 * * * *", ny, "At minutes 5 and 35 past every hour"},
		{"*/7 * * * *", ny, "At every 7th minute past every hour"},
		{"0 */6 * * *", "", "At minute 0 past every 6th hour (UTC)"},
		{"0 */12 * * *", "", "At minute 0 past every 12th hour (UTC)"},
		{"*/15 9-17 * * MON-FRI", ny, "Every 15 minutes between 09:00 and 17:59, Monday through Friday (America/New_York)"},
		{"0 9-17 * * 1-5", ny, "At minute 0 past hours 9 through 17, Monday through Friday (America/New_York)"},
		{"* 2 * * *", "", "Every minute between 02:00 and 02:59 (UTC)"},
		{"*/10 * 3 * * *", "", "Every 10 seconds between 03:00 and 03:59 (UTC)"},
		{"* 30 2 * * *", "", "Every second past minute 30 past hour 2 (UTC)"},
		{"30 * * * * *", "", "At second 30 past every minute"},
		{"30 */10 * * * *", "", "At second 30 past every 10th minute past every hour"},
		{"0 9 * * MON", "", "At 09:00, every Monday (UTC)"},
		{"0 9 * * SAT,SUN", "", "At 09:00, every Saturday and Sunday (UTC)"},
		{"0 9 * * FRI-MON", "", "At 09:00, Monday and Friday through Sunday (UTC)"},
		{"0 9 * * 5#2", "", "At 09:00, the 2nd Friday of the month (UTC)"},
		{"0 9 * * 5L", "", "At 09:00, the last Friday of the month (UTC)"},
		{"0 0 1 * *", "", "At 00:00, on day 1 of the month (UTC)"},
		{"0 0 1,15 * *", "", "At 00:00, on days 1 and 15 of the month (UTC)"},
		{"0 0 */2 * *", "", "At 00:00, on every 2nd day of the month (UTC)"},
		{"0 0 L * *", "", "At 00:00, on the last day of the month (UTC)"},
		{"0 0 15W,LW * *", "", "At 00:00, on the weekday nearest day 15 and the last weekday of the month (UTC)"},
		{"0 0 13 * FRI", "", "At 00:00, on day 13 of the month or every Friday (UTC)"},
		{"0 0 1 1 *", "", "At 00:00, on day 1 of the month in January (UTC)"},
		{"0 0 * NOV-FEB *", "", "At 00:00, every day in January, February, November and December (UTC)"},
		{"* * * 6-8 *", "", "Every minute, every day in June through August (UTC)"},
		{"0 0 0 1 1 ? 2030", "", "At 00:00, on day 1 of the month in January in 2030 (UTC)"},
		{"@every 90s", ny, "Every 1 minute 30 seconds"},
		{"@every 1d", "", "Every day"},
		{"@every 1h", "", "Every hour"},
		{"@every 2h", "", "Every 2 hours"},
	}
	for _, tt := range tests {
		if got := mustNew(t, schedule.Spec{Expr: tt.expr, Zone: tt.zone}).Describe(); got != tt.want {
			t.Errorf("Describe(%q) = %q, want %q", tt.expr, got, tt.want)
		}
	}
	once := mustNew(t, schedule.Spec{At: utc(t, "2026-11-24T17:30:00Z"), Zone: ny})
	if got, want := once.Describe(), "Once, at 2026-11-24 12:30:00 -05:00 (America/New_York)"; got != want {
		t.Errorf("Describe(once) = %q, want %q", got, want)
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	tests := []struct{ expr, want string }{
		{"0 2 * * *", ""},
		{"*/15 * * * *", ""},
		{"0 0 13 * FRI", "match either"},
		{"0 0 */2 * FRI", "match either"},
		{"0 0 ? * FRI", ""},
		{"* 2 * * *", "60 times between 02:00 and 02:59"},
		{"* * 2 * * *", "3600 times between 02:00 and 02:59"},
		{"0 0 31 * *", "not every month has a day 31"},
		{"0 0 31 1,3 *", ""},
		{"0 0 30,31 * *", "not every month has a day 30"},
		{"0 0 29 2 *", "leap years only"},
		{"0 0 29 * MON", "match either"},
		{"*/7 * * * *", "starts again at 0, 4 minutes after the last one"},
		{"0 */5 * * *", "starts again at 0, 4 hours after the last one"},
		{"@every 7m", ""},
	}
	for _, tt := range tests {
		got := strings.Join(mustNew(t, schedule.Spec{Expr: tt.expr}).Warnings(), "\n")
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("Warnings(%q) = %q, want %q", tt.expr, got, tt.want)
		}
	}
}

func TestFrequency(t *testing.T) {
	t.Parallel()
	tests := []struct {
		expr            string
		perDay, perYear float64
	}{
		{"30 2 * * *", 1, 365.2425},
		{"* * * * * *", 86400, 86400 * 365.2425},
		{"0 0 1 * *", 12 / 365.2425, 12},
		{"0 0 29 2 *", 0.2425 / 365.2425, 0.2425},
		{"0 0 0 1 * * 2026", 12 / 365.2425, 12},
		{"@every 6h", 4, 4 * 365.2425},
	}
	for _, tt := range tests {
		day, year := mustNew(t, schedule.Spec{Expr: tt.expr}).Frequency()
		if diff := day/tt.perDay - 1; diff > 1e-9 || diff < -1e-9 {
			t.Errorf("Frequency(%q) per day = %v, want %v", tt.expr, day, tt.perDay)
		}
		if diff := year/tt.perYear - 1; diff > 1e-9 || diff < -1e-9 {
			t.Errorf("Frequency(%q) per year = %v, want %v", tt.expr, year, tt.perYear)
		}
	}
	if day, year := mustNew(t, schedule.Spec{At: utc(t, "2026-01-01T00:00:00Z")}).Frequency(); day != 0 || year != 0 {
		t.Errorf("Frequency(once) = %v, %v, want 0, 0", day, year)
	}
}

func TestDSTEffects(t *testing.T) {
	t.Parallel()
	const ny = "America/New_York"
	tests := []struct {
		expr, zone, from string
		want             []string // of a year
	}{
		{"30 2 * * *", ny, "2026-11-22T17:30:00Z", []string{
			`2027-03-14T07:00:00Z 02:30 does not exist; dst_policy "once" runs at 03:00 -04:00, "wall" skips the day`,
		}},
		{"30 1 * * *", ny, "2026-11-22T17:30:00Z", []string{
			`2027-11-07T06:00:00Z 01:30 happens twice; dst_policy "once" runs at 01:30 -04:00 only, "wall" runs at 01:30 -04:00 and again at 01:30 -05:00`,
		}},
		{"0,30 1,2 * * *", ny, "2026-11-22T17:30:00Z", []string{
			`2027-03-14T07:00:00Z 02:00–02:30 (2 times) do not exist; dst_policy "once" runs once at 03:00 -04:00, "wall" skips them`,
			`2027-11-07T06:00:00Z 01:00–01:30 (2 times) happen twice; dst_policy "once" runs them at -04:00 only, "wall" runs them at -04:00 and again at -05:00`,
		}},
		{"30 4 * * *", ny, "2026-11-22T17:30:00Z", nil},
		{"30 2 * * MON", ny, "2026-11-22T17:30:00Z", nil},
		{"*/15 * * * *", ny, "2026-11-22T17:30:00Z", nil},
		{"@every 1h", ny, "2026-11-22T17:30:00Z", nil},
		{"0 */2 * * *", ny, "2026-11-22T17:30:00Z", []string{
			`2027-03-14T07:00:00Z 02:00 does not exist; the schedule follows the clock and skips it`,
		}},
		{"0 * * * *", "Australia/Lord_Howe", "2026-05-01T00:00:00Z", []string{
			`2026-10-03T15:30:00Z 02:00 does not exist; the schedule follows the clock and skips it`,
		}},
		{"0,30 * * * *", "Australia/Lord_Howe", "2026-05-01T00:00:00Z", nil},
		{"0 12 * * *", "Pacific/Apia", "2011-12-01T00:00:00Z", []string{
			`2011-12-30T10:00:00Z 2011-12-30 12:00 does not exist; dst_policy "once" runs at 00:00 +14:00, "wall" skips the day`,
		}},
		{"30 2 * * *", "", "2026-11-22T17:30:00Z", nil},
	}
	for _, tt := range tests {
		s := mustNew(t, schedule.Spec{Expr: tt.expr, Zone: tt.zone})
		from := utc(t, tt.from)
		var got []string
		for _, e := range s.DSTEffects(from, from.AddDate(1, 0, 0)) {
			got = append(got, e.At.Format(time.RFC3339)+" "+e.String())
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("DSTEffects(%q, %s):\n got %q\nwant %q", tt.expr, tt.zone, got, tt.want)
		}
	}
}
