package schedule_test

import (
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/agentic-sdlc/scheduler/schedule"
)

// genField makes items of one field that has the values lo–hi.
func genField(lo, hi int, names []string, special *rapid.Generator[string]) *rapid.Generator[string] {
	value := rapid.Custom(func(t *rapid.T) string {
		v := rapid.IntRange(lo, hi).Draw(t, "value")
		if names != nil && v-lo < len(names) && rapid.Bool().Draw(t, "named") {
			return names[v-lo]
		}
		return fmt.Sprint(v)
	})
	item := rapid.Custom(func(t *rapid.T) string {
		step := fmt.Sprintf("/%d", rapid.IntRange(1, min(hi-lo, 12)).Draw(t, "step"))
		switch rapid.IntRange(0, 8).Draw(t, "form") {
		case 0:
			return "*" + step
		case 1:
			return value.Draw(t, "from") + "-" + value.Draw(t, "to")
		case 2:
			return value.Draw(t, "from") + "-" + value.Draw(t, "to") + step
		case 3:
			return value.Draw(t, "from") + step
		case 4:
			if special != nil {
				return special.Draw(t, "special")
			}
			return "H"
		case 5:
			return "H" + step
		}
		return value.Draw(t, "value")
	})
	return rapid.Custom(func(t *rapid.T) string {
		if rapid.IntRange(0, 3).Draw(t, "open") == 0 {
			return "*"
		}
		items := rapid.SliceOfN(item, 1, 3).Draw(t, "items")
		text := strings.Join(items, ",")
		if rapid.IntRange(0, 9).Draw(t, "case") == 0 {
			return strings.ToLower(text)
		}
		return text
	})
}

// Fields of expressions.
var (
	genSecond = genField(0, 59, nil, nil)
	genMinute = genField(0, 59, nil, nil)
	genHour   = genField(0, 23, nil, rapid.SampledFrom([]string{"1", "2", "1-3", "0", "H(1-3)"}))
	genDom    = genField(1, 31, nil, rapid.SampledFrom([]string{"?", "L", "LW", "15W", "1W", "31W", "H(1-9)/3"}))
	genMonth  = genField(1, 12, strings.Fields("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"), nil)
	genDow    = genField(0, 7, strings.Fields("SUN MON TUE WED THU FRI SAT"), rapid.SampledFrom([]string{"?", "5L", "SUNL", "7L", "1#1", "FRI#2", "7#5", "0#3"}))
)

// genExpr makes expressions. Day fields are often open, so that there are slots to look at.
func genExpr(seconds bool) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		if rapid.IntRange(0, 19).Draw(t, "macro") == 0 {
			return rapid.SampledFrom([]string{"@hourly", "@Daily", "@midnight", "@weekly", "@MONTHLY", "@yearly", "@annually"}).Draw(t, "name")
		}
		open := func(g *rapid.Generator[string], name string) string {
			if rapid.IntRange(0, 2).Draw(t, name+" open") > 0 {
				return "*"
			}
			return g.Draw(t, name)
		}
		parts := []string{
			genMinute.Draw(t, "minute"), genHour.Draw(t, "hour"),
			open(genDom, "dom"), open(genMonth, "month"), open(genDow, "dow"),
		}
		if seconds {
			parts = append([]string{genSecond.Draw(t, "second")}, parts...)
			if rapid.IntRange(0, 4).Draw(t, "years") == 0 {
				parts = append(parts, rapid.SampledFrom([]string{"*", "1970-2099", "*/2", "2020-2030", "1999,2024,2028/4"}).Draw(t, "year"))
			}
		}
		return strings.Join(parts, rapid.SampledFrom([]string{" ", " ", "  ", "\t"}).Draw(t, "blank"))
	})
}

// genSpec makes specs of expressions that fire, with a zone, a policy and a seed.
func genSpec(seconds bool) *rapid.Generator[schedule.Spec] {
	zones := rapid.SampledFrom(append(schedule.Zones(), "America/New_York", "Europe/London", "Australia/Lord_Howe", "Pacific/Apia", ""))
	return rapid.Custom(func(t *rapid.T) schedule.Spec {
		return schedule.Spec{
			Expr: genExpr(seconds).Draw(t, "expr"),
			Zone: zones.Draw(t, "zone"),
			DST:  rapid.SampledFrom([]schedule.DSTPolicy{"", schedule.DSTOnce, schedule.DSTWall}).Draw(t, "dst"),
			Seed: rapid.SampledFrom([]string{"", "default/backup", "a", "b"}).Draw(t, "seed"),
		}
	}).Filter(fires)
}

// fires tells apart the specs that New may refuse although they are well formed: they
// never fire, or are too long written out.
func fires(spec schedule.Spec) bool {
	code := refusal(spec)
	return code != schedule.CodeNeverFires && code != schedule.CodeTooLong
}

// refusal returns the code with which New refuses a spec, "" when it does not.
func refusal(spec schedule.Spec) string {
	if _, err := schedule.New(spec); err != nil {
		return err.(*schedule.Error).Code
	}
	return ""
}

// compile compiles a generated spec.
func compile(t *rapid.T, spec schedule.Spec) *schedule.Schedule {
	s, err := schedule.New(spec)
	if err != nil {
		t.Fatalf("New(%+v): %+v", spec, err)
	}
	return s
}

// genInstant makes instants between two years, sometimes with a fraction of a second.
func genInstant(from, to int) *rapid.Generator[time.Time] {
	lo := time.Date(from, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	hi := time.Date(to, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	return rapid.Custom(func(t *rapid.T) time.Time {
		second := rapid.Int64Range(lo, hi).Draw(t, "second")
		nano := rapid.SampledFrom([]int64{0, 0, 1, 500_000_000, 999_999_999}).Draw(t, "nano")
		return time.Unix(second, nano).UTC()
	})
}
