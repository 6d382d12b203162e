package config

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var errDuration = errors.New(`not a duration: write a number and a unit, e.g. 500ms, 30s, 5m, 2h, 7d, 1w or 1h30m`)

// daysAndWeeks are the parts of a duration that the standard library does not read.
var daysAndWeeks = regexp.MustCompile(`^(\d+w)?(\d+d)?`)

// ParseDuration reads a duration as the standard library does, with days (24 h)
// and weeks in front: 7d, 1w, 1d12h. Negative ones are refused.
func ParseDuration(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "0":
		return 0, nil
	case s == "":
		return 0, errDuration
	case strings.HasPrefix(s, "-"):
		return 0, fmt.Errorf("%q is negative", s)
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		return 0, fmt.Errorf("%q has no unit: write %vs for seconds", s, n)
	}
	head := daysAndWeeks.FindString(s)
	var days, rest time.Duration
	for part := range strings.FieldsFuncSeq(strings.NewReplacer("w", "w ", "d", "d ").Replace(head), func(r rune) bool { return r == ' ' }) {
		n, err := strconv.ParseInt(part[:len(part)-1], 10, 32)
		if err != nil {
			return 0, fmt.Errorf("%q is too long", s)
		}
		if part[len(part)-1] == 'w' {
			n *= 7
		}
		if n > 106_000 { // about 290 years, what a time.Duration holds
			return 0, fmt.Errorf("%q is too long", s)
		}
		days += time.Duration(n) * day
	}
	if tail := s[len(head):]; tail != "" {
		var err error
		if rest, err = time.ParseDuration(tail); err != nil || rest < 0 {
			return 0, fmt.Errorf("%q is %w", s, errDuration)
		}
	}
	if days+rest < 0 {
		return 0, fmt.Errorf("%q is too long", s)
	}
	return days + rest, nil
}

// formatDuration writes d so that ParseDuration reads it back, in its largest
// units: 7d, 1h30m, 500ms, 0s.
func formatDuration(d time.Duration) string {
	if d >= day && d%time.Hour == 0 {
		s := strconv.FormatInt(int64(d/day), 10) + "d"
		if h := d % day / time.Hour; h > 0 {
			s += strconv.FormatInt(int64(h), 10) + "h"
		}
		return s
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
