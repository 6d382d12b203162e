package timex

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

const day = 24 * time.Hour

var units = map[string]time.Duration{
	"ns": time.Nanosecond, "us": time.Microsecond, "µs": time.Microsecond, "ms": time.Millisecond,
	"s": time.Second, "m": time.Minute, "h": time.Hour, "d": day, "w": 7 * day,
}

var unitWords = map[string]time.Duration{
	"second": time.Second, "seconds": time.Second, "sec": time.Second, "secs": time.Second,
	"minute": time.Minute, "minutes": time.Minute, "min": time.Minute, "mins": time.Minute,
	"hour": time.Hour, "hours": time.Hour, "day": day, "days": day, "week": 7 * day, "weeks": 7 * day,
}

// ParseDuration reads a duration: "90s", "1h30m", "2d", "1w", "PT1H30M". It is
// never negative. The error has code invalid and a hint.
func ParseDuration(text string) (time.Duration, error) {
	s := strings.TrimSpace(text)
	switch {
	case s == "":
		return 0, badDuration(text, "it is empty")
	case s == "0":
		return 0, nil
	case s[0] == '-':
		return 0, badDuration(text, "it is negative")
	case isNumber(s):
		return 0, job.Errorf(job.Invalid, "duration %q has no unit", text).WithHint("say %ss or %sm", s, s)
	case s[0] == 'P' || s[0] == 'p':
		return parseISO(text, strings.ToUpper(s[1:]))
	}
	return parseCompact(text, s)
}

// parseCompact reads numbers with units, like 1h30m.
func parseCompact(text, s string) (time.Duration, error) {
	var total float64
	for s != "" {
		number, rest := split(s, func(c byte) bool { return c == '.' || '0' <= c && c <= '9' })
		unit, rest := split(rest, func(c byte) bool { return c != '.' && (c < '0' || c > '9') })
		size, known := units[unit]
		n, err := strconv.ParseFloat(number, 64)
		if err != nil || !known {
			return 0, badDuration(text, "")
		}
		total += n * float64(size)
		s = rest
	}
	return bounded(text, total)
}

// parseISO reads what follows the P of an ISO 8601 duration. Years and months have
// no fixed length and are refused.
func parseISO(text, s string) (time.Duration, error) {
	date, clock, hasClock := strings.Cut(s, "T")
	var total float64
	for _, part := range []struct {
		text  string
		units map[string]time.Duration
	}{
		{date, map[string]time.Duration{"W": 7 * day, "D": day}},
		{clock, map[string]time.Duration{"H": time.Hour, "M": time.Minute, "S": time.Second}},
	} {
		for s := part.text; s != ""; {
			number, rest := split(s, func(c byte) bool { return c == '.' || '0' <= c && c <= '9' })
			if rest == "" {
				return 0, badDuration(text, "")
			}
			size, known := part.units[rest[:1]]
			n, err := strconv.ParseFloat(number, 64)
			if !known && (rest[0] == 'Y' || rest[0] == 'M') {
				return 0, badDuration(text, "years and months have no fixed length")
			}
			if err != nil || !known {
				return 0, badDuration(text, "")
			}
			total += n * float64(size)
			s = rest[1:]
		}
	}
	if date == "" && clock == "" || hasClock && clock == "" {
		return 0, badDuration(text, "")
	}
	return bounded(text, total)
}

// parseWords reads "3 days" or "1 hour 30 minutes".
func parseWords(words []string) (time.Duration, bool) {
	if len(words) == 0 || len(words)%2 != 0 {
		return 0, false
	}
	var total float64
	for i := 0; i < len(words); i += 2 {
		n, err := strconv.ParseFloat(words[i], 64)
		size, known := unitWords[words[i+1]]
		if err != nil || !known || !isNumber(words[i]) {
			return 0, false
		}
		total += n * float64(size)
	}
	return time.Duration(total), total < math.MaxInt64
}

func bounded(text string, ns float64) (time.Duration, error) {
	if ns >= math.MaxInt64 {
		return 0, badDuration(text, "it is too long")
	}
	return time.Duration(math.Round(ns)), nil
}

func badDuration(text, why string) error {
	e := job.Errorf(job.Invalid, "%q is not a duration", clip(text)).WithHint("examples: 90s, 1h30m, 2d, 1w")
	if why != "" {
		e.Message += ": " + why
	}
	return e
}

// split cuts s where in stops to hold.
func split(s string, in func(c byte) bool) (head, rest string) {
	i := 0
	for i < len(s) && in(s[i]) {
		i++
	}
	return s[:i], s[i:]
}

func isNumber(s string) bool {
	number, rest := split(s, func(c byte) bool { return c == '.' || '0' <= c && c <= '9' })
	return number != "" && rest == ""
}

func clip(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return s
}
