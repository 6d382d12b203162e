package oracle

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
)

// matcher asks each field about a time that a clock shows.
type matcher struct {
	second, minute, hour, month, year map[int]bool
	clockTimes                        [24 * 60]bool // minute and hour together
	dom, dow                          []func(date time.Time) bool
	domOpen, dowOpen                  bool // "*" or "?" in the field
	wholeMinutes                      bool // the second is 0 only

	day     int64 // the day last looked at
	dayFits bool
}

// newMatcher reads seven lower-case fields.
func newMatcher(texts []string, seed string) (*matcher, error) {
	m := &matcher{day: -1 << 60}
	var err error
	read := func(i int, name string, lo, hi int, names string) map[int]bool {
		values := map[int]bool{}
		for _, item := range strings.Split(texts[i], ",") {
			if e := expandItem(item, name, lo, hi, names, seed, values); e != nil {
				err = e
			}
		}
		return values
	}
	m.second = read(0, "second", 0, 59, "")
	m.minute = read(1, "minute", 0, 59, "")
	m.hour = read(2, "hour", 0, 23, "")
	m.month = read(4, "month", 1, 12, "jan feb mar apr may jun jul aug sep oct nov dec")
	m.year = read(6, "year", 1970, 2099, "")
	if texts[6] == "*" {
		m.year = nil
	}
	m.wholeMinutes = len(m.second) == 1 && m.second[0]
	for hour := range m.hour {
		for minute := range m.minute {
			m.clockTimes[hour*60+minute] = true
		}
	}
	for _, item := range strings.Split(texts[3], ",") {
		m.domOpen = m.domOpen || item == "*" || item == "?"
		fits, e := domItem(item, seed)
		if e != nil {
			err = e
		}
		m.dom = append(m.dom, fits)
	}
	for _, item := range strings.Split(texts[5], ",") {
		m.dowOpen = m.dowOpen || item == "*" || item == "?"
		fits, e := dowItem(item, seed)
		if e != nil {
			err = e
		}
		m.dow = append(m.dow, fits)
	}
	return m, err
}

// matches reports whether a clock that shows wall shows a match.
func (m *matcher) matches(wall int64) bool {
	day := wall / 86400
	if wall < 0 {
		day = (wall - 86399) / 86400
	}
	if second := wall - day*86400; !m.clockTimes[second/60] || !m.second[int(second%60)] {
		return false
	}
	if day != m.day {
		m.day, m.dayFits = day, m.date(time.Unix(day*86400, 0).UTC())
	}
	return m.dayFits
}

// date reports whether a date matches.
func (m *matcher) date(date time.Time) bool {
	if !m.month[int(date.Month())] || m.year != nil && !m.year[date.Year()] {
		return false
	}
	dom, dow := anyOf(m.dom, date), anyOf(m.dow, date)
	switch {
	case m.domOpen && m.dowOpen:
		return true
	case m.domOpen:
		return dow
	case m.dowOpen:
		return dom
	}
	return dom || dow
}

func anyOf(fits []func(time.Time) bool, date time.Time) bool {
	for _, f := range fits {
		if f(date) {
			return true
		}
	}
	return false
}

// domItem reads an item of the day of month.
func domItem(item, seed string) (func(time.Time) bool, error) {
	lastOf := func(date time.Time) int {
		return time.Date(date.Year(), date.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	}
	switch {
	case item == "?":
		return func(time.Time) bool { return true }, nil
	case item == "l":
		return func(date time.Time) bool { return date.Day() == lastOf(date) }, nil
	case item == "lw":
		return func(date time.Time) bool { return nearest(date, lastOf(date)) }, nil
	case strings.HasSuffix(item, "w"):
		n, err := strconv.Atoi(strings.TrimSuffix(item, "w"))
		return func(date time.Time) bool { return n <= lastOf(date) && nearest(date, n) }, err
	}
	values := map[int]bool{}
	err := expandItem(item, "day of month", 1, 31, "", seed, values)
	return func(date time.Time) bool { return values[date.Day()] }, err
}

// nearest reports whether a date is the working day nearest the nth of its month.
func nearest(date time.Time, n int) bool {
	for _, distance := range []int{0, -1, 1, -2, 2} {
		d := time.Date(date.Year(), date.Month(), n+distance, 0, 0, 0, 0, time.UTC)
		if d.Month() == date.Month() && d.Weekday() != time.Saturday && d.Weekday() != time.Sunday {
			return d.Day() == date.Day()
		}
	}
	return false
}

// dowItem reads an item of the day of week.
func dowItem(item, seed string) (func(time.Time) bool, error) {
	const names = "sun mon tue wed thu fri sat"
	if item == "?" {
		return func(time.Time) bool { return true }, nil
	}
	if dayText, nText, ok := strings.Cut(item, "#"); ok {
		day, err := value(dayText, 0, names)
		n, _ := strconv.Atoi(nText)
		return func(date time.Time) bool {
			return int(date.Weekday()) == day%7 && (date.Day()-1)/7+1 == n
		}, err
	}
	if dayText, ok := strings.CutSuffix(item, "l"); ok {
		day, err := value(dayText, 0, names)
		return func(date time.Time) bool {
			return int(date.Weekday()) == day%7 && date.AddDate(0, 0, 7).Month() != date.Month()
		}, err
	}
	values := map[int]bool{}
	err := expandItem(item, "day of week", 0, 6, names, seed, values)
	return func(date time.Time) bool { return values[int(date.Weekday())] }, err
}

// expandItem adds the values of "*", "a", "a-b" or "h", with or without a step.
func expandItem(item, name string, lo, hi int, names, seed string, values map[int]bool) error {
	head, stepText, stepped := strings.Cut(item, "/")
	step := 1
	if stepped {
		var err error
		if step, err = strconv.Atoi(stepText); err != nil || step < 1 {
			return fmt.Errorf("oracle: step in %q", item)
		}
	}
	a, b := lo, hi
	switch {
	case head == "*" || head == "?":
	case head[0] == 'h':
		a, b = hashed(head, name, hi, lo, step, stepped, seed)
	default:
		var err error
		if a, b, err = bounds(head, lo, hi, names, stepped); err != nil {
			return err
		}
	}
	for v := a; ; v++ { // walk the field around, one value at a time
		if (v-a)%step == 0 {
			values[lo+(v-lo)%(hi-lo+1)] = true
		}
		if v >= b && (v-b)%(hi-lo+1) == 0 {
			return nil
		}
	}
}

// bounds reads "a" or "a-b". Sunday as 7 is the day after Saturday at the end of a
// range, and 0 elsewhere.
func bounds(head string, lo, hi int, names string, stepped bool) (a, b int, err error) {
	aText, bText, isRange := strings.Cut(head, "-")
	if a, err = value(aText, lo, names); err != nil {
		return 0, 0, err
	}
	sunday := lo == 0 && hi == 6
	if sunday && a == 7 {
		a = 0
	}
	if !isRange {
		if stepped {
			return a, hi, nil
		}
		return a, a, nil
	}
	if b, err = value(bText, lo, names); err != nil {
		return 0, 0, err
	}
	if sunday && b == 7 && aText == "7" {
		b = 0
	}
	return a, b, nil
}

// value reads a number or a name.
func value(text string, lo int, names string) (int, error) {
	for i, name := range strings.Fields(names) {
		if len(text) >= 3 && text[:3] == name {
			return lo + i, nil
		}
	}
	return strconv.Atoi(text)
}

// hashed returns the range that "h" or "h(a-b)" stands for.
func hashed(head, name string, hi, lo, step int, stepped bool, seed string) (a, b int) {
	if name == "day of month" {
		hi = 28
	}
	if head != "h" {
		_, _ = fmt.Sscanf(head, "h(%d-%d)", &lo, &hi)
	}
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(seed + "\x00" + name))
	h := sum.Sum64()
	for _, factor := range []uint64{0xff51afd7ed558ccd, 0xc4ceb9fe1a85ec53} {
		h ^= h >> 33
		h *= factor
	}
	h ^= h >> 33
	if !stepped {
		v := lo + int(h%uint64(hi-lo+1))
		return v, v
	}
	return lo + int(h%uint64(step)), hi
}
