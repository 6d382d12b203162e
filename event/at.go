package event

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// atFunc is At as expressions call it, for an event of the instant.
func atFunc(base time.Time) func(args ...any) (any, error) {
	return func(args ...any) (any, error) {
		texts := [2]string{}
		if len(args) == 0 || len(args) > len(texts) {
			return nil, errors.New(`at takes a phrase and perhaps a time zone: at("tomorrow 10:00", "Europe/Berlin")`)
		}
		for i, arg := range args {
			text, ok := arg.(string)
			if !ok {
				return nil, errors.New("at takes texts")
			}
			texts[i] = text
		}
		t, err := At(texts[0], texts[1], base)
		if err != nil {
			return nil, err
		}
		return t.Format(time.RFC3339), nil
	}
}

// At returns the instant that a phrase means at another one, in a zone: "HH:MM" or
// "HH:MM:SS" behind today, tomorrow or the name of a weekday (the next one, never
// today), "in DURATION", or an instant by RFC 3339.
func At(phrase, zone string, base time.Time) (time.Time, error) {
	loc := time.UTC
	if zone != "" {
		var err error
		if loc, err = time.LoadLocation(zone); err != nil || zone == "Local" {
			return time.Time{}, fmt.Errorf("at: unknown time zone %.60q", zone)
		}
	}
	phrase = strings.TrimSpace(phrase)
	if t, err := time.Parse(time.RFC3339, phrase); err == nil {
		return t.UTC(), nil
	}
	day, clock, _ := strings.Cut(phrase, " ")
	if day == "in" {
		d, err := time.ParseDuration(strings.TrimSpace(clock))
		if err != nil || d < 0 {
			return time.Time{}, fmt.Errorf("at: %.60q is not a duration such as 90m", clock)
		}
		return base.Add(d).UTC(), nil
	}
	days, ok := daysTo(strings.ToLower(day), base.In(loc).Weekday())
	if !ok {
		return time.Time{}, fmt.Errorf(`at: %.60q is not understood; say for example "tomorrow 10:00", "monday 09:30", "in 2h"`, phrase)
	}
	hour, err := clockOf(strings.TrimSpace(clock))
	if err != nil {
		return time.Time{}, err
	}
	local := base.In(loc)
	return time.Date(local.Year(), local.Month(), local.Day()+days, hour.Hour(), hour.Minute(), hour.Second(), 0, loc).UTC(), nil
}

func clockOf(text string) (time.Time, error) {
	for _, layout := range []string{"15:04", "15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("at: %.60q is not a time of day such as 10:00", text)
}

// daysTo returns how many days ahead a day is.
func daysTo(day string, today time.Weekday) (int, bool) {
	switch day {
	case "today":
		return 0, true
	case "tomorrow":
		return 1, true
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(d.String(), day) {
			return (int(d)-int(today)+6)%7 + 1, true
		}
	}
	return 0, false
}
