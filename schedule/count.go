package schedule

import "math/bits"

// count returns the number of matches w with after < w <= upto. Its cost grows
// with the years between the two.
func (c *calendar) count(after, upto int64) int64 {
	if upto <= after {
		return 0
	}
	dayA, secondA := splitDay(after)
	dayB, secondB := splitDay(upto)
	n := c.countDays(dayA, dayB) * c.perDay()
	if c.hasDay(dayA) {
		n -= c.upTo(secondA)
	}
	if c.hasDay(dayB) {
		n += c.upTo(secondB)
	}
	return n
}

// hasDay reports whether a day matches.
func (d *days) hasDay(day int64) bool {
	year, month, dom := dateOf(day)
	return d.allows(year) && d.months>>month&1 == 1 &&
		d.ofMonth(year, month, weekday(day-int64(dom)+1))>>dom&1 == 1
}

// countDays returns the number of days that match, from inclusive, to exclusive.
func (d *days) countDays(from, to int64) int64 {
	if from == to {
		return 0
	}
	yearA, _, _ := dateOf(from)
	yearB, _, _ := dateOf(to)
	n := d.before(to) - d.before(from)
	var known [yearKinds]int64 // days of a year of each kind, plus 1; 0 is not known yet
	for year := yearA; year < yearB; year++ {
		y, ok := d.nextYear(year)
		if !ok || y >= yearB {
			break
		}
		year = y
		kind := kindOf(year)
		if known[kind] == 0 {
			known[kind] = d.ofYear(year) + 1
		}
		n += known[kind] - 1
	}
	return n
}

// before returns the number of days of its year that match before a day.
func (d *days) before(day int64) int64 {
	year, month, dom := dateOf(day)
	if !d.allows(year) {
		return 0
	}
	n := 0
	for w := d.months & (1<<month - 1); w != 0; w &= w - 1 {
		m := bits.TrailingZeros64(w)
		n += bits.OnesCount64(d.ofMonth(year, m, weekday(dayOf(year, m))))
	}
	if d.months>>month&1 == 1 {
		mask := d.ofMonth(year, month, weekday(day-int64(dom)+1))
		n += bits.OnesCount64(mask & (1<<dom - 1))
	}
	return int64(n)
}
