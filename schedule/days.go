package schedule

import "math/bits"

// days is what an expression allows of the calendar.
type days struct {
	doms   uint64 // bit d: day d of the month
	months uint64 // bit m: month m
	dows   uint8  // bit d: weekday d
	dom    bool   // the day of month is restricted
	dow    bool   // the day of week is restricted

	formed bool // forms is not empty
	forms  dayForms

	allYears bool
	years    set // from yearDef.min
}

// newDays compiles the day, month and year fields.
func newDays(c *cron) days {
	d := days{
		doms:     c.dom.values[0],
		months:   c.month.values[0],
		dows:     uint8(c.dow.values[0]),
		dom:      !c.dom.any,
		dow:      !c.dow.any,
		allYears: c.allYears(),
		years:    c.year.values,
	}
	if c.month.any {
		d.months = 1<<13 - 2
	}
	if d.dom {
		d.forms = c.dom.dayForms
	}
	if d.dow {
		d.forms.nth, d.forms.lastDow = c.dow.nth, c.dow.lastDow
	}
	d.formed = d.forms != dayForms{}
	return d
}

// ofMonth returns the days of a month that match, bit d for day d; first is the
// weekday of its first day.
func (d *days) ofMonth(year, month, first int) uint64 {
	length := monthLength(year, month)
	all := uint64(1)<<(length+1) - 2
	if !d.dom && !d.dow {
		return all
	}
	var mask uint64
	if d.dom {
		mask = d.doms
	}
	if d.dow {
		mask |= weekdays(d.dows, first)
	}
	if d.formed {
		mask |= d.forms.ofMonth(length, first)
	}
	return mask & all
}

// weekdays returns the days of a month that fall on the given weekdays.
func weekdays(dows uint8, first int) uint64 {
	week := uint64(dows) | uint64(dows)<<7
	week = week >> first & 0x7f // bit i: day 1+i
	return (week | week<<7 | week<<14 | week<<21 | week<<28) << 1
}

// ofMonth returns the days of a month that the special forms name.
func (f *dayForms) ofMonth(length, first int) uint64 {
	var mask uint64
	if f.last {
		mask |= 1 << length
	}
	if f.lastWeekday {
		mask |= 1 << nearestWeekday(length, length, first)
	}
	for w := f.nearest & (1<<(length+1) - 1); w != 0; w &= w - 1 {
		mask |= 1 << nearestWeekday(bits.TrailingZeros32(w), length, first)
	}
	for w := f.nth; w != 0; w &= w - 1 {
		i := bits.TrailingZeros64(w)
		mask |= 1 << (1 + i/7*7 + (i%7-first+7)%7)
	}
	return mask | weekdays(f.lastDow, first)&^(1<<(length-6)-1)
}

// nearestWeekday returns the Monday-to-Friday nearest a day within its month, as
// Quartz defines it: Saturday moves back and Sunday on, unless the month ends there.
func nearestWeekday(dom, length, first int) int {
	switch (first + dom - 1) % 7 {
	case 6:
		if dom == 1 {
			return 3
		}
		return dom - 1
	case 0:
		if dom == length {
			return dom - 2
		}
		return dom + 1
	}
	return dom
}

// nextYear returns the first allowed year at or after a year.
func (d *days) nextYear(year int) (int, bool) {
	if d.allYears {
		return year, true
	}
	for i := max(year-yearDef.min, 0); i < yearDef.size; i++ {
		if d.years.has(i) {
			return yearDef.min + i, true
		}
	}
	return 0, false
}

// prevYear returns the last allowed year at or before a year.
func (d *days) prevYear(year int) (int, bool) {
	if d.allYears {
		return year, true
	}
	for i := min(year-yearDef.min, yearDef.size-1); i >= 0; i-- {
		if d.years.has(i) {
			return yearDef.min + i, true
		}
	}
	return 0, false
}

// ofYear returns the number of days of a year that match, whether or not the
// year is allowed.
func (d *days) ofYear(year int) int64 {
	n := 0
	for w := d.months; w != 0; w &= w - 1 {
		m := bits.TrailingZeros64(w)
		n += bits.OnesCount64(d.ofMonth(year, m, weekday(dayOf(year, m))))
	}
	return int64(n)
}

// possible reports whether some allowed year has a day that matches. Without a
// list of years one year of each of the 14 kinds decides.
func (d *days) possible() bool {
	if d.allYears {
		for year, seen := 2000, 0; seen != 1<<yearKinds-1; year++ {
			seen |= 1 << kindOf(year)
			if d.ofYear(year) > 0 {
				return true
			}
		}
		return false
	}
	for _, i := range d.years.values() {
		if d.ofYear(yearDef.min+i) > 0 {
			return true
		}
	}
	return false
}
