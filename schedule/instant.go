package schedule

import "time"

// Instants are Unix seconds. Wall times are what a zone's clock shows, encoded
// as the Unix second at which a clock in UTC shows the same: wall time is
// instant plus offset.

const (
	secondsPerDay = 24 * 60 * 60

	// firstSecond is the first slot possible, one second after the zero time,
	// which means "none".
	firstSecond = -62135596800 + 1
	// lastSecond is 9999-12-31T23:59:59Z; RFC 3339 has no later year.
	lastSecond = 253402300799
)

// ceil returns the first whole second at or after t.
func ceil(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix() + 1
	}
	return t.Unix()
}

// splitDay splits a wall time into its day, counted from 1970-01-01, and the
// second of that day.
func splitDay(wall int64) (day, second int64) {
	day, second = wall/secondsPerDay, wall%secondsPerDay
	if second < 0 {
		return day - 1, second + secondsPerDay
	}
	return day, second
}
