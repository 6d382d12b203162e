package schedule

import "math/bits"

// prev returns the last match at or before a wall time.
func (c *calendar) prev(wall int64) (int64, bool) {
	day, second := splitDay(wall)
	year, month, dom := dateOf(day)
	if c.allows(year) && c.months>>month&1 == 1 {
		first := day - int64(dom) + 1
		mask := c.ofMonth(year, month, weekday(first))
		if mask>>dom&1 == 1 {
			if s, ok := c.clock.prev(second); ok {
				return day*secondsPerDay + s, true
			}
		}
		if d, ok := atMost(mask, dom-1); ok {
			return (first+int64(d)-1)*secondsPerDay + c.greatest(), true
		}
	}
	return c.prevFrom(year, month-1)
}

// prevFrom returns the last match in or before a month, which may be 0. It gives
// up before year 1.
func (c *calendar) prevFrom(year, month int) (int64, bool) {
	for ; ; year, month = year-1, 12 {
		y, ok := c.prevYear(year)
		if !ok || y < 1 {
			return 0, false
		}
		if y < year {
			year, month = y, 12
		}
		for w := c.months & (1<<(month+1) - 1); w != 0; w &^= 1 << (bits.Len64(w) - 1) {
			m := bits.Len64(w) - 1
			first := dayOf(year, m)
			if mask := c.ofMonth(year, m, weekday(first)); mask != 0 {
				return (first+int64(bits.Len64(mask))-2)*secondsPerDay + c.greatest(), true
			}
		}
	}
}
