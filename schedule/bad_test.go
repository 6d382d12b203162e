package schedule_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/schedule"
)

// TestBadExpressions: what each bad expression gets (rows B18–B28).
func TestBadExpressions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		expr, code, message string // message is a part of it
		pos                 int
	}{
		{"", schedule.CodeFields, "expected 5 fields (or 6 with seconds, 7 with seconds and year), got 0", 0},
		{" \t ", schedule.CodeFields, "got 0", 0},
		{"* * * *", schedule.CodeFields, "got 4", 0},
		{"hello", schedule.CodeFields, "got 1", 0},
		{"* * * * * * * /bin/true", schedule.CodeFields, "got 8", 15},

		{"60 * * * *", schedule.CodeOutOfRange, "minute: 60 is outside 0–59", 1},
		{"* 24 * * *", schedule.CodeOutOfRange, "hour: 24 is outside 0–23", 3},
		{"* * 0 * *", schedule.CodeOutOfRange, "day of month: 0 is outside 1–31", 5},
		{"* * 32 * *", schedule.CodeOutOfRange, "day of month: 32 is outside 1–31", 5},
		{"* * * 13 *", schedule.CodeOutOfRange, "month: 13 is outside 1–12", 7},
		{"* * * 0 *", schedule.CodeOutOfRange, "month: 0 is outside 1–12", 7},
		{"* * * * 8", schedule.CodeOutOfRange, "day of week: 8 is outside 0–7", 9},
		{"60 * * * * *", schedule.CodeOutOfRange, "second: 60 is outside 0–59", 1},
		{"0 0 0 1 1 * 1969", schedule.CodeOutOfRange, "year: 1969 is outside 1970–2099", 13},
		{"0 0 0 1 1 * 2100", schedule.CodeOutOfRange, "year: 2100 is outside 1970–2099", 13},
		{"10-60 * * * *", schedule.CodeOutOfRange, "minute: 60 is outside 0–59", 4},
		{"99999999999999999999 * * * *", schedule.CodeOutOfRange, "minute: 9999999999… is outside 0–59", 1},
		{"* * 32W * *", schedule.CodeOutOfRange, "day of month: 32 is outside 1–31", 5},
		{"* * * * 5#6", schedule.CodeOutOfRange, "day of week: week 6 is outside 1–5", 11},
		{"* * * * 5#0", schedule.CodeOutOfRange, "week 0 is outside 1–5", 11},
		{"* * H(1-31) * *", schedule.CodeOutOfRange, "day of month: H reaches 1–28 only, got 31", 9},

		{"*/0 * * * *", schedule.CodeStep, "minute: step must be 1–59, got 0", 3},
		{"*/99 * * * *", schedule.CodeStep, "minute: step must be 1–59, got 99", 3},
		{"* */24 * * *", schedule.CodeStep, "hour: step must be 1–23, got 24", 5},
		{"* * */32 * *", schedule.CodeStep, "day of month: step must be 1–31", 7},
		{"* * * * */8", schedule.CodeStep, "day of week: step must be 1–7", 11},
		{"*/99999 * * * *", schedule.CodeStep, "step must be 1–59", 3},
		{"H(0-9)/20 * * * *", schedule.CodeStep, "step must be 1–10 within H of 0–9", 1},

		{"1,,2 * * * *", schedule.CodeSyntax, "empty item at 3", 3},
		{"1,2, * * * *", schedule.CodeSyntax, "empty item at 5", 5},
		{",1 * * * *", schedule.CodeSyntax, "empty item at 1", 1},
		{"1/ * * * *", schedule.CodeSyntax, `"" at 3 is not a step`, 3},
		{"/5 * * * *", schedule.CodeSyntax, "nothing before the step", 1},
		{"*/2/3 * * * *", schedule.CodeSyntax, `"2/3" at 3 is not a step`, 3},
		{"1-2-3 * * * *", schedule.CodeSyntax, `"2-3" at 3 is not a number 0–59`, 3},
		{"1- * * * *", schedule.CodeSyntax, `"1-" lacks a value at 3`, 3},
		{"-5 * * * *", schedule.CodeSyntax, `"-5" lacks a value at 1`, 1},
		{"+5 * * * *", schedule.CodeSyntax, `"+5" at 1 is not a number 0–59`, 1},
		{"*5 * * * *", schedule.CodeSyntax, `"*5" at 1 is not a number`, 1},
		{"*-5 * * * *", schedule.CodeSyntax, `"*" at 1 is not a number`, 1},
		{"0x10 * * * *", schedule.CodeSyntax, `"0x10" at 1 is not a number`, 1},
		{"٣ * * * *", schedule.CodeSyntax, "character U+0663 at 1", 1},
		{"1.5 * * * *", schedule.CodeSyntax, `"1.5" at 1 is not a number`, 1},
		{"* * * FOO *", schedule.CodeSyntax, "is not a number 1–12 or a name JAN–DEC", 7},
		{"* * * * FOO", schedule.CodeSyntax, "is not a number 0–7 or a name SUN–SAT", 9},
		{"* * * MON *", schedule.CodeSyntax, "is not a number 1–12 or a name JAN–DEC", 7},
		{"? * * * *", schedule.CodeSyntax, "in a day field only", 1},
		{"* * ?/2 * *", schedule.CodeSyntax, "stands alone", 5},
		{"* * * * 5#", schedule.CodeSyntax, "is not a week", 11},
		{"* * * * #2", schedule.CodeSyntax, "lacks a value", 9},
		{"* * W * *", schedule.CodeSyntax, "lacks a value", 5},
		{"* * L/2 * *", schedule.CodeUnsupported, `"L/2" at 5 is not supported`, 5},
		{"HH * * * *", schedule.CodeSyntax, "is not a hash", 1},
		{"H( * * * *", schedule.CodeSyntax, "is not a hash", 1},
		{"H(5) * * * *", schedule.CodeSyntax, "is not a hash", 1},
		{"H(9-5) * * * *", schedule.CodeSyntax, "runs backwards", 1},
		{"0 0 0 1 1 * H", schedule.CodeSyntax, "not possible in a year", 13},
		{"0 0 0 1 1 * 2030-2020", schedule.CodeSyntax, "runs backwards", 13},
		{"* * * * *\n", schedule.CodeSyntax, "character U+000A at 10", 10},
		{"* * *\u00a0* *", schedule.CodeSyntax, "character U+00A0 at 6", 6},
		{"* * * * *\x00", schedule.CodeSyntax, "character U+0000 at 10", 10},
		{"* * * * \xff", schedule.CodeSyntax, "not valid UTF-8 at 9", 9},

		{"0 0 30 2 *", schedule.CodeNeverFires, "never fires", 0},
		{"0 0 31 4 *", schedule.CodeNeverFires, "never fires", 0},
		{"0 0 31 2,4,6,9,11 *", schedule.CodeNeverFires, "never fires", 0},
		{"0 0 30W 2 *", schedule.CodeNeverFires, "never fires", 0},
		{"0 0 0 29 2 * 2023", schedule.CodeNeverFires, "never fires", 0},
		{"0 0 0 29 2 * 2025-2027", schedule.CodeNeverFires, "never fires", 0},

		{"TZ=UTC", schedule.CodeUnsupported, `put the zone in "timezone"`, 1},
		{"CRON_TZ=UTC 0 * * * *", schedule.CodeUnsupported, `put the zone in "timezone"`, 1},
		{" TZ=UTC 0 * * * *", schedule.CodeUnsupported, `put the zone in "timezone"`, 2},
		{"@reboot", schedule.CodeUnsupported, "supported: @yearly", 1},
		{"@foo", schedule.CodeUnsupported, "supported: @yearly", 1},
		{"@", schedule.CodeUnsupported, "supported: @yearly", 1},
		{"@hourly x y", schedule.CodeFields, `nothing may follow "@hourly"`, 9},
		{"@every", schedule.CodeInterval, "needs a duration", 1},
		{"@every 0s", schedule.CodeInterval, "at least 1s", 8},
		{"@every -5s", schedule.CodeInterval, "at least 1s", 8},
		{"@every 1ns", schedule.CodeInterval, "at least 1s", 8},
		{"@every 1500ms", schedule.CodeInterval, "no whole number of seconds", 8},
		{"@every 5", schedule.CodeInterval, "at least 1s", 8},
		{"@every h", schedule.CodeInterval, "at least 1s", 8},
		{"@every 5x", schedule.CodeInterval, "not a duration", 8},
		{"@every 5m -3m", schedule.CodeFields, "nothing may follow", 11},
		{"@every 1h-5m", schedule.CodeInterval, "not a positive duration", 8},
		{"@every 99999999999999h", schedule.CodeInterval, "not a duration", 8},
		{"@every 999999w", schedule.CodeInterval, "not a duration", 8},

		{"* * L-3 * *", schedule.CodeUnsupported, "not supported", 5},
		{"* * * * L", schedule.CodeUnsupported, "needs a day in front", 9},
		{strings.Repeat("1,", 146) + "1 * * * *", schedule.CodeTooLong, "at most 256", 1},
		{"*/5,*/7,*/11,*/13,*/17 */5,*/7,*/11,*/13,*/17 */5,*/7,*/11 */3,5/7,1W,7W,9W,11W,13W,15W,17W,19W,21W,23W,25W,L,LW * " +
			"0#1,1#2,2#3,3#4,4#5,1L,2L,3L,4L,5L,6L,0L,0#2,0#3 1970/7,1970/11,1970/13", schedule.CodeTooLong, "written out has 459 bytes; at most 256", 1},
	}
	for _, tt := range tests {
		_, err := schedule.New(schedule.Spec{Expr: tt.expr})
		var e *schedule.Error
		if !errors.As(err, &e) {
			t.Errorf("New(%q) = %v, want a schedule.Error", tt.expr, err)
			continue
		}
		if e.Field != schedule.FieldSchedule || e.Code != tt.code || !strings.Contains(e.Message, tt.message) || e.Pos != tt.pos {
			t.Errorf("New(%q) = %+v, want code %s, position %d and %q", tt.expr, *e, tt.code, tt.pos, tt.message)
		}
		if strings.ContainsFunc(e.Message+e.Hint, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("New(%q): control character in %q", tt.expr, e.Message)
		}
	}
}

// TestBadZones: what each bad time zone gets (row B29).
func TestBadZones(t *testing.T) {
	t.Parallel()
	tests := []struct{ zone, hint string }{
		{"Mars/Base", ""},
		{"EST5EDT4", "did you mean EST5EDT?"},
		{"../../etc/passwd", ""},
		{"/etc/localtime", ""},
		{"Local", ""},
		{"localtime", ""},
		{"right/UTC", ""},
		{"posix/Europe/Berlin", ""},
		{" utc", "did you mean UTC?"},
		{"utc", "did you mean UTC?"},
		{"GMT+25", "did you mean Etc/GMT+2?"},
		{"new york", "did you mean America/New_York?"},
		{"america/new_york", "did you mean America/New_York?"},
		{"Europe/Berln", "did you mean Europe/Berlin?"},
		{"Europe/Berlin\n", "did you mean Europe/Berlin?"},
		{"Europe/", ""},
		{"zone.tab", ""},
		{strings.Repeat("x", 10_000), ""},
	}
	for _, tt := range tests {
		_, err := schedule.New(schedule.Spec{Expr: "@daily", Zone: tt.zone})
		var e *schedule.Error
		if !errors.As(err, &e) || e.Field != schedule.FieldTimezone || e.Code != schedule.CodeUnknownZone {
			t.Errorf("New with zone %.30q = %v, want an unknown zone", tt.zone, err)
			continue
		}
		if !strings.Contains(e.Message, "America/New_York") || len(e.Message) > 200 {
			t.Errorf("New with zone %.30q: message %q has no examples or is too long", tt.zone, e.Message)
		}
		if e.Hint != tt.hint {
			t.Errorf("New with zone %.30q: hint %q, want %q", tt.zone, e.Hint, tt.hint)
		}
	}
	if _, err := schedule.LoadZone(""); err == nil {
		t.Error(`LoadZone("") is accepted`)
	}
}

// TestBadSpecs: members that contradict each other.
func TestBadSpecs(t *testing.T) {
	t.Parallel()
	at := utc(t, "2026-01-01T00:00:00Z")
	tests := []struct {
		name        string
		spec        schedule.Spec
		field, code string
	}{
		{"policy", schedule.Spec{Expr: "@daily", DST: "skip"}, schedule.FieldDSTPolicy, schedule.CodeInvalid},
		{"two times", schedule.Spec{Expr: "@daily", At: at}, schedule.FieldExecuteAt, schedule.CodeInvalid},
		{"backwards", schedule.Spec{Expr: "@daily", Start: at, End: at}, schedule.FieldEndDate, schedule.CodeInvalid},
		{"nothing between", schedule.Spec{Expr: "@daily", Start: at.Add(1), End: at.Add(2)}, schedule.FieldEndDate, schedule.CodeNeverFires},
		{"ended before its years", schedule.Spec{Expr: "0 0 0 1 1 * 2030", End: at}, schedule.FieldEndDate, schedule.CodeNeverFires},
		{"started after its years", schedule.Spec{Expr: "0 0 0 1 1 * 2020", Start: at}, schedule.FieldSchedule, schedule.CodeNeverFires},
		{"only in a gap", schedule.Spec{Expr: "0 30 2 8 3 * 2026", Zone: "America/New_York", DST: schedule.DSTWall}, schedule.FieldSchedule, schedule.CodeNeverFires},
		{"in the gap every year", schedule.Spec{Expr: "30 2 ? 3 SUN#2", Zone: "America/New_York", DST: schedule.DSTWall}, schedule.FieldSchedule, schedule.CodeNeverFires},
		{"once after the end", schedule.Spec{At: at, End: at}, schedule.FieldExecuteAt, schedule.CodeNeverFires},
		{"once in year 10000", schedule.Spec{At: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, schedule.FieldExecuteAt, schedule.CodeOutOfRange},
		{"anchor before year 1", schedule.Spec{Expr: "@every 1h", Anchor: time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)}, schedule.FieldStartDate, schedule.CodeOutOfRange},
	}
	for _, tt := range tests {
		_, err := schedule.New(tt.spec)
		var e *schedule.Error
		if !errors.As(err, &e) || e.Field != tt.field || e.Code != tt.code {
			t.Errorf("%s: New = %+v, want %s of %s", tt.name, err, tt.code, tt.field)
		}
	}
}
