package schedule

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// interval is the timeline of @every: anchor, anchor+every, anchor+2*every, ….
// It counts elapsed time; no zone moves it.
type interval struct {
	anchor int64
	every  int64 // seconds, at least 1
}

// compileInterval sets the timeline of an @every.
func (s *Schedule) compileInterval(text exprText) error {
	every, err := parseInterval(text.words[0])
	if err != nil {
		return err
	}
	anchor := s.spec.Anchor.Unix()
	if anchor < firstSecond-1 || anchor > lastSecond {
		return &Error{
			Field: FieldStartDate, Code: CodeOutOfRange,
			Message: "start_date must lie in the years 1–9999",
		}
	}
	s.slots = interval{anchor: anchor, every: every}
	return nil
}

// next implements timeline.
func (v interval) next(after int64) (int64, bool) {
	if after < v.anchor {
		return v.anchor, true
	}
	t := after + v.every - (after-v.anchor)%v.every
	return t, t <= lastSecond
}

// prev implements timeline.
func (v interval) prev(upto int64) (int64, bool) {
	if upto < v.anchor {
		return 0, false
	}
	return upto - (upto-v.anchor)%v.every, true
}

// count implements timeline.
func (v interval) count(after, upto int64) int64 {
	upTo := func(t int64) int64 {
		if t < v.anchor {
			return 0
		}
		return (t-v.anchor)/v.every + 1
	}
	return upTo(upto) - upTo(after)
}

// parseInterval reads a duration as Go writes it, such as "90s", "1h30m" or "1.5h",
// or in days and weeks of 24 hours, "1d", "2w", and returns its seconds.
func parseInterval(w word) (int64, error) {
	var total time.Duration
	for rest := strings.ToLower(w.text); rest != ""; {
		unit := strings.IndexAny(rest, "abcdefghijklmnopqrstuvwxyz")
		if unit <= 0 || rest[0] == '-' || rest[0] == '+' {
			return 0, badInterval(w, "is not a positive duration")
		}
		end := unit + len(rest[unit:]) - len(strings.TrimLeft(rest[unit:], "abcdefghijklmnopqrstuvwxyz"))
		d, err := parseUnit(rest[:unit], rest[unit:end])
		if err != nil || d > math.MaxInt64-total {
			return 0, badInterval(w, "is not a duration")
		}
		total, rest = total+d, rest[end:]
	}
	switch {
	case total < time.Second:
		return 0, badInterval(w, "is too short")
	case total%time.Second != 0:
		return 0, badInterval(w, "is no whole number of seconds")
	}
	return int64(total / time.Second), nil
}

// parseUnit reads a number of one unit.
func parseUnit(number, unit string) (time.Duration, error) {
	hours := map[string]time.Duration{"d": 24, "w": 7 * 24}[unit]
	if hours == 0 {
		return time.ParseDuration(number + unit)
	}
	d, err := time.ParseDuration(number + "h")
	if err == nil && d > math.MaxInt64/hours {
		err = strconv.ErrRange
	}
	return d * hours, err
}

// badInterval refuses a duration.
func badInterval(w word, why string) *Error {
	return errorAt(w.pos, CodeInterval, "@every: %s %s; use whole seconds, at least 1s, such as 90s, 5m, 1h30m or 1d", quote(w.text), why)
}

// formatInterval writes seconds as parseInterval reads them: "1d12h", "1h30m", "90s" as "1m30s".
func formatInterval(seconds int64) string {
	var b strings.Builder
	for _, unit := range [4]struct {
		name    string
		seconds int64
	}{{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}} {
		if n := seconds / unit.seconds; n > 0 {
			b.WriteString(strconv.FormatInt(n, 10) + unit.name)
			seconds %= unit.seconds
		}
	}
	return b.String()
}
