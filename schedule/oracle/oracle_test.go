package oracle_test

import (
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/schedule/oracle"
)

// TestSlots: who judges the judge? Slots worked out by hand.
func TestSlots(t *testing.T) {
	t.Parallel()
	const ny = "America/New_York"
	tests := []struct {
		name     string
		spec     oracle.Spec
		from, to string
		want     string
	}{
		{"daily", oracle.Spec{Expr: "30 2 * * *"}, "2026-03-07T00:00:00Z", "2026-03-09T02:30:00Z", "2026-03-07T02:30:00Z 2026-03-08T02:30:00Z"},
		{"gap, once", oracle.Spec{Expr: "30 2 * * *", Zone: ny}, "2026-03-08T00:00:00Z", "2026-03-10T00:00:00Z", "2026-03-08T07:00:00Z 2026-03-09T06:30:00Z"},
		{"gap, wall", oracle.Spec{Expr: "30 2 * * *", Zone: ny, DST: "wall"}, "2026-03-08T00:00:00Z", "2026-03-10T00:00:00Z", "2026-03-09T06:30:00Z"},
		{"gap, wildcard", oracle.Spec{Expr: "*/30 2 * * *", Zone: ny}, "2026-03-08T00:00:00Z", "2026-03-10T00:00:00Z", "2026-03-09T06:00:00Z 2026-03-09T06:30:00Z"},
		{"repeat, once", oracle.Spec{Expr: "30 1 * * *", Zone: ny}, "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", "2026-11-01T05:30:00Z"},
		{"repeat, wall", oracle.Spec{Expr: "30 1 * * *", Zone: ny, DST: "wall"}, "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", "2026-11-01T05:30:00Z 2026-11-01T06:30:00Z"},
		{"a day missing", oracle.Spec{Expr: "0 12 * * *", Zone: "Pacific/Apia"}, "2011-12-30T00:00:00Z", "2011-12-31T00:00:00Z", "2011-12-30T10:00:00Z 2011-12-30T22:00:00Z"},
		{"either day", oracle.Spec{Expr: "0 0 13 * FRI"}, "2026-03-06T00:00:00Z", "2026-03-21T00:00:00Z", "2026-03-06T00:00:00Z 2026-03-13T00:00:00Z 2026-03-20T00:00:00Z"},
		{"wrapped", oracle.Spec{Expr: "0 0 * * SAT-MON"}, "2026-03-06T00:00:00Z", "2026-03-13T00:00:00Z", "2026-03-07T00:00:00Z 2026-03-08T00:00:00Z 2026-03-09T00:00:00Z"},
		{"7 at the end", oracle.Spec{Expr: "0 0 * * 6-7"}, "2026-03-06T00:00:00Z", "2026-03-13T00:00:00Z", "2026-03-07T00:00:00Z 2026-03-08T00:00:00Z"},
		{"last day", oracle.Spec{Expr: "0 0 L * *"}, "2024-02-01T00:00:00Z", "2024-04-01T00:00:00Z", "2024-02-29T00:00:00Z 2024-03-31T00:00:00Z"},
		{"last weekday", oracle.Spec{Expr: "0 0 LW * *"}, "2026-02-01T00:00:00Z", "2026-06-01T00:00:00Z", "2026-02-27T00:00:00Z 2026-03-31T00:00:00Z 2026-04-30T00:00:00Z 2026-05-29T00:00:00Z"},
		{"nearest weekday", oracle.Spec{Expr: "0 0 1W,15W * *"}, "2026-08-01T00:00:00Z", "2026-09-01T00:00:00Z", "2026-08-03T00:00:00Z 2026-08-14T00:00:00Z"},
		{"second and last Friday", oracle.Spec{Expr: "0 0 * * 5#2,FRIL"}, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z", "2026-03-13T00:00:00Z 2026-03-27T00:00:00Z"},
		{"seconds and year", oracle.Spec{Expr: "*/40 59 23 31 12 ? 2026"}, "2026-12-30T00:00:00Z", "2027-01-02T00:00:00Z", "2026-12-31T23:59:00Z 2026-12-31T23:59:40Z"},
		{"interval", oracle.Spec{Expr: "@every 1d12h", Anchor: time.Date(2026, 1, 1, 6, 0, 0, 5, time.UTC)}, "2026-01-01T00:00:00Z", "2026-01-05T00:00:00Z", "2026-01-01T06:00:00Z 2026-01-02T18:00:00Z 2026-01-04T06:00:00Z"},
		{"limits", oracle.Spec{Expr: "@daily", Start: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), End: time.Date(2026, 1, 4, 0, 0, 0, 0, time.UTC)}, "2026-01-01T00:00:00Z", "2026-01-09T00:00:00Z", "2026-01-02T00:00:00Z 2026-01-03T00:00:00Z"},
		{"once", oracle.Spec{At: time.Date(2026, 1, 2, 0, 0, 0, 1, time.UTC)}, "2026-01-01T00:00:00Z", "2026-01-09T00:00:00Z", "2026-01-02T00:00:01Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			slots, err := oracle.Slots(tt.spec, parse(t, tt.from), parse(t, tt.to))
			if err != nil {
				t.Fatal(err)
			}
			var texts []string
			for _, at := range slots {
				texts = append(texts, at.Format(time.RFC3339))
			}
			if got := strings.Join(texts, " "); got != tt.want {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, spec := range []oracle.Spec{{}, {Expr: "* * *"}, {Expr: "x * * * *"}, {Expr: "*/x * * * *"}, {Expr: "@daily", Zone: "Mars/Base"}} {
		if _, err := oracle.Slots(spec, time.Unix(0, 0), time.Unix(1, 0)); err == nil {
			t.Errorf("Slots(%+v) succeeds", spec)
		}
	}
}

func parse(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
