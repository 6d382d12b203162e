package schedule

import "fmt"

// fieldDef is what one field of an expression allows.
type fieldDef struct {
	name     string
	min, max int      // values as written
	size     int      // distinct values; day of week has 7 although it allows 0–7
	names    []string // names of the values from min on, lower case; nil for none
	hashMax  int      // greatest value that H gives; 0 refuses H
	wraps    bool     // a range may run backwards through the end
}

var (
	secondDef = fieldDef{name: "second", max: 59, size: 60, hashMax: 59, wraps: true}
	minuteDef = fieldDef{name: "minute", max: 59, size: 60, hashMax: 59, wraps: true}
	hourDef   = fieldDef{name: "hour", max: 23, size: 24, hashMax: 23, wraps: true}
	domDef    = fieldDef{name: "day of month", min: 1, max: 31, size: 31, hashMax: 28, wraps: true}
	monthDef  = fieldDef{name: "month", min: 1, max: 12, size: 12, hashMax: 12, wraps: true, names: monthNames}
	dowDef    = fieldDef{name: "day of week", max: 7, size: 7, hashMax: 6, wraps: true, names: dayNames}
	yearDef   = fieldDef{name: "year", min: 1970, max: 2099, size: 130}
)

var (
	monthNames = []string{
		"january", "february", "march", "april", "may", "june",
		"july", "august", "september", "october", "november", "december",
	}
	dayNames = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
)

// fields are the definitions in the order of a seven-field expression.
var fields = [7]*fieldDef{&secondDef, &minuteDef, &hourDef, &domDef, &monthDef, &dowDef, &yearDef}

// base is the value that bit 0 of a set stands for.
func (d *fieldDef) base() int {
	if d == &yearDef {
		return d.min
	}
	return 0
}

// last returns the greatest distinct value: 6 for the day of week.
func (d *fieldDef) last() int { return d.min + d.size - 1 }

// isDay reports whether the field restricts the day.
func (d *fieldDef) isDay() bool { return d == &domDef || d == &dowDef }

// allowed describes the values: "0–59".
func (d *fieldDef) allowed() string { return fmt.Sprintf("%d–%d", d.min, d.max) }

// steps returns the greatest step allowed; the least is 1.
func (d *fieldDef) steps() int {
	if d == &dowDef {
		return d.size
	}
	return min(d.max, d.size)
}

// named returns the value of a name, in full or by its first three letters.
func (d *fieldDef) named(word string) (int, bool) {
	for i, name := range d.names {
		if word == name || word == name[:3] {
			return d.min + i, true
		}
	}
	return 0, false
}

// field is one parsed field.
type field struct {
	values set  // values are kept from the base of the field.
	any    bool // any says that a bare "*" or "?" stands in it: it restricts nothing.
	star   bool // star says that its text starts with "*".

	dayForms
}

// dayForms are the special forms of the day fields.
type dayForms struct {
	nearest     uint32 // bit d: the weekday nearest day d (15W)
	last        bool   // the last day of the month (L)
	lastWeekday bool   // the last weekday of the month (LW)
	nth         uint64 // bit (n-1)*7+d: the nth weekday d of the month (5#2)
	lastDow     uint8  // bit d: the last weekday d of the month (5L)
}

// cron is a parsed expression.
type cron struct {
	second, minute, hour, dom, month, dow, year field

	text   string // the expression as written
	hashed bool   // an H stands in it
}

// at returns the field with the index in fields.
func (c *cron) at(i int) *field {
	return [7]*field{&c.second, &c.minute, &c.hour, &c.dom, &c.month, &c.dow, &c.year}[i]
}

// fixedTime reports whether the schedule names fixed times, for the DST rule:
// neither the minute nor the hour field starts with "*".
func (c *cron) fixedTime() bool { return !c.minute.star && !c.hour.star }

// eitherDay reports whether both day fields are restricted, so that either matches.
func (c *cron) eitherDay() bool { return !c.dom.any && !c.dow.any }

// allYears reports whether the year field restricts nothing. A list of all years
// that can be written does: it ends with 2099.
func (c *cron) allYears() bool { return c.year.any }
