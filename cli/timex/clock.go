package timex

import (
	"fmt"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// wall is a time of day.
type wall struct {
	hour, minute, second int
}

// parseWall reads HH:MM, HH:MM:SS, noon or midnight; ok is false when the word is
// something else, and err says what is wrong with one that is meant as a time.
func parseWall(word string) (w wall, ok bool, err error) {
	switch word {
	case "noon":
		return wall{hour: 12}, true, nil
	case "midnight":
		return wall{}, true, nil
	}
	var n [3]int
	parts, digits := 0, 0
	for i := range len(word) {
		switch c := word[i]; {
		case c == ':' && digits > 0 && parts < 2:
			parts, digits = parts+1, 0
		case '0' <= c && c <= '9' && digits < 2:
			n[parts], digits = n[parts]*10+int(c-'0'), digits+1
		default:
			return wall{}, false, nil
		}
	}
	if parts == 0 || digits != 2 {
		return wall{}, false, nil
	}
	switch {
	case n[0] > 23:
		err = job.Errorf(job.Invalid, "hour %d is outside 0-23", n[0])
	case n[1] > 59:
		err = job.Errorf(job.Invalid, "minute %d is outside 0-59", n[1])
	case n[2] > 59:
		err = job.Errorf(job.Invalid, "second %d is outside 0-59", n[2])
	}
	return wall{n[0], n[1], n[2]}, true, err
}

// on returns the instant at which the clock of zone shows w on the day of date,
// the first one when it shows it twice. A time that the clock jumps over is an error.
func (w wall) on(date time.Time, zone *time.Location) (time.Time, error) {
	y, m, d := date.Date()
	t := time.Date(y, m, d, w.hour, w.minute, w.second, 0, zone)
	if t.Hour() != w.hour || t.Minute() != w.minute {
		return time.Time{}, job.Errorf(job.Invalid, "%02d:%02d does not exist on %04d-%02d-%02d in %s: the clock jumps over it",
			w.hour, w.minute, y, m, d, zone)
	}
	if start, _ := t.ZoneBounds(); !start.IsZero() {
		_, now := t.Zone()
		_, before := start.Add(-time.Second).Zone()
		earlier := t.Add(time.Duration(now-before) * time.Second)
		if earlier.Before(start) && earlier.Day() == t.Day() && earlier.Hour() == w.hour && earlier.Minute() == w.minute {
			t = earlier
		}
	}
	return t, nil
}

// Format writes an instant in zone the way this package echoes it: "Mon 2026-11-23
// 10:00 -05:00", with seconds only when there are any.
func Format(t time.Time, zone *time.Location) string {
	layout := "Mon 2006-01-02 15:04 -07:00"
	if t.Second() != 0 {
		layout = "Mon 2006-01-02 15:04:05 -07:00"
	}
	return t.In(zone).Format(layout)
}

// Echo says what a phrase was taken for: in its zone, and in UTC when that differs.
func Echo(t time.Time, zone *time.Location) string {
	text := Format(t, zone)
	if _, offset := t.In(zone).Zone(); offset == 0 {
		return text[:len(text)-len(" +00:00")] + " UTC"
	}
	layout := "15:04"
	if t.In(zone).Day() != t.UTC().Day() {
		layout = "Mon 15:04"
	}
	return fmt.Sprintf("%s (%s UTC)", text, t.UTC().Format(layout))
}
