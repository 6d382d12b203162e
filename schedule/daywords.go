package schedule

import (
	"fmt"
	"strings"
)

// dayWords says the days, months and years, with a comma in front.
func (c *cron) dayWords() string {
	text := ""
	switch {
	case c.eitherDay():
		text = ", on " + c.domWords() + " or " + c.dowWords()
	case !c.dom.any:
		text = ", on " + c.domWords()
	case !c.dow.any:
		text = ", " + c.dowWords()
	case c.singleTimes() || !c.allMonths() || !c.allYears():
		text = ", every day"
	}
	if !c.allMonths() {
		months := monthDef.ranges(c.month.values.values(), func(v int) string { return title(monthNames[v-1]) })
		text += " in " + list(months, "and")
	}
	if !c.allYears() {
		text += " in " + list(yearDef.ranges(c.year.values.values(), func(v int) string { return fmt.Sprint(v) }), "and")
	}
	return text
}

// singleTimes reports whether the times of day are spelled out.
func (c *cron) singleTimes() bool {
	_, ok := c.clockTimes()
	return ok
}

// allMonths reports whether the month field restricts nothing.
func (c *cron) allMonths() bool { return c.month.values.len() == monthDef.size }

// domWords says the day of month: "day 1 of the month", "days 1 and 15 of the
// month", "the last day of the month".
func (c *cron) domWords() string {
	var parts []string
	vs := c.dom.values.values()
	if step, ok := domDef.pattern(&c.dom); ok && step > 1 {
		parts = append(parts, "every "+ordinal(step)+" day")
	} else if len(vs) > 0 {
		name := "day "
		if len(vs) > 1 {
			name = "days "
		}
		parts = append(parts, name+list(domDef.ranges(vs, func(v int) string { return fmt.Sprint(v) }), "and"))
	}
	for d := 1; d <= 31; d++ {
		if c.dom.nearest>>d&1 == 1 {
			parts = append(parts, fmt.Sprintf("the weekday nearest day %d", d))
		}
	}
	if c.dom.last {
		parts = append(parts, "the last day")
	}
	if c.dom.lastWeekday {
		parts = append(parts, "the last weekday")
	}
	return list(parts, "and") + " of the month"
}

// dowWords says the day of week: "every Monday", "Monday through Friday", "the
// 2nd Friday of the month".
func (c *cron) dowWords() string {
	var parts []string
	if vs := c.dow.values.values(); len(vs) > 0 {
		days := dowDef.ranges(mondayFirst(vs), func(v int) string { return title(dayNames[v%7]) })
		text := list(days, "and")
		if !strings.Contains(text, "through") {
			text = "every " + text
		}
		parts = append(parts, text)
	}
	for i := range 5 * 7 {
		if c.dow.nth>>i&1 == 1 {
			parts = append(parts, "the "+ordinal(i/7+1)+" "+title(dayNames[i%7])+" of the month")
		}
	}
	for d := range 7 {
		if c.dow.lastDow>>d&1 == 1 {
			parts = append(parts, "the last "+title(dayNames[d])+" of the month")
		}
	}
	return list(parts, "and")
}

// mondayFirst moves Sunday to the end, as 7.
func mondayFirst(vs []int) []int {
	if vs[0] == 0 {
		return append(vs[1:], 7)
	}
	return vs
}

// title writes the first letter of a name in upper case.
func title(name string) string { return strings.ToUpper(name[:1]) + name[1:] }
