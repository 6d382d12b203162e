package schedule

import "math/bits"

// calendar is a compiled expression on wall time: it knows no zone. Its methods
// jump from field to field and never step through the seconds or the days.
type calendar struct {
	clock
	days
}

// newCalendar compiles an expression.
func newCalendar(c *cron) *calendar {
	cal := &calendar{days: newDays(c)}
	cal.seconds, cal.minutes, cal.hours = c.second.values[0], c.minute.values[0], c.hour.values[0]
	return cal
}

// next returns the first match at or after a wall time.
func (c *calendar) next(wall int64) (int64, bool) {
	day, second := splitDay(wall)
	year, month, dom := dateOf(day)
	if c.allows(year) && c.months>>month&1 == 1 {
		first := day - int64(dom) + 1
		mask := c.ofMonth(year, month, weekday(first))
		if mask>>dom&1 == 1 {
			if s, ok := c.clock.next(second); ok {
				return day*secondsPerDay + s, true
			}
		}
		if d, ok := atLeast(mask, dom+1); ok {
			return (first+int64(d)-1)*secondsPerDay + c.least(), true
		}
	}
	return c.nextFrom(year, month+1)
}

// nextFrom returns the first match in or after a month, which may be 13. It ends
// because the days are possible: without a list of years some year has them.
func (c *calendar) nextFrom(year, month int) (int64, bool) {
	for ; ; year, month = year+1, 1 {
		y, ok := c.nextYear(year)
		if !ok {
			return 0, false
		}
		if y > year {
			year, month = y, 1
		}
		for w := c.months &^ (1<<month - 1); w != 0; w &= w - 1 {
			m := bits.TrailingZeros64(w)
			first := dayOf(year, m)
			if mask := c.ofMonth(year, m, weekday(first)); mask != 0 {
				return (first+int64(bits.TrailingZeros64(mask))-1)*secondsPerDay + c.least(), true
			}
		}
	}
}

// allows reports whether the year field has the year.
func (d *days) allows(year int) bool {
	return d.allYears || year >= yearDef.min && year <= yearDef.max && d.years.has(year-yearDef.min)
}
