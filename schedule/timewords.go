package schedule

import (
	"fmt"
	"strings"
)

// mostTimes is the greatest number of times of day that are spelled out.
const mostTimes = 6

// timeWords says the seconds, minutes and hours.
func (c *cron) timeWords() string {
	if text, ok := c.clockTimes(); ok {
		return "At " + text
	}
	hours := hourDef.words(&c.hour)
	minutes, everyMinute := minuteDef.unitWords(&c.minute)
	seconds, everySecond := secondDef.unitWords(&c.second)
	allHours, allMinutes := c.hour.values.len() == hourDef.size, c.minute.values.len() == minuteDef.size
	onMinute := c.second.values == (set{1})
	switch {
	case onMinute && everyMinute && allHours:
		return "Every " + minutes
	case onMinute && everyMinute:
		return "Every " + minutes + c.hourSpan()
	case onMinute:
		return "At " + minuteDef.words(&c.minute) + " past " + hours
	}
	text := "At " + secondDef.words(&c.second)
	if everySecond {
		text = "Every " + seconds
	}
	if !everySecond || !allMinutes {
		text += " past " + minuteDef.words(&c.minute)
	}
	switch {
	case everySecond && allMinutes && !allHours:
		text += c.hourSpan()
	case !allHours || !allMinutes:
		text += " past " + hours
	}
	return text
}

// hourSpan says when something repeats: " between 09:00 and 17:59" for neighbouring
// hours, " past hours 0 and 12" for others.
func (c *cron) hourSpan() string {
	vs := c.hour.values.values()
	first, last := vs[0], vs[len(vs)-1]
	if last-first != len(vs)-1 {
		return " past " + hourDef.words(&c.hour)
	}
	return fmt.Sprintf(" between %02d:00 and %02d:59", first, last)
}

// clockTimes says few times of day as a clock does: "09:00 and 17:30". It reports
// false when there are many, or when the minute or the hour is a pattern.
func (c *cron) clockTimes() (string, bool) {
	n := c.hour.values.len() * c.minute.values.len() * c.second.values.len()
	if n > mostTimes || c.hour.star || c.minute.star && c.minute.values.len() > 1 {
		return "", false
	}
	var times []string
	for _, h := range c.hour.values.values() {
		for _, m := range c.minute.values.values() {
			for _, s := range c.second.values.values() {
				text := fmt.Sprintf("%02d:%02d", h, m)
				if c.second.values != (set{1}) {
					text += fmt.Sprintf(":%02d", s)
				}
				times = append(times, text)
			}
		}
	}
	return list(times, "and"), true
}

// unitWords says a field whose values are evenly spaced around the clock, as a
// duration: "minute", "15 minutes". It reports false for other fields.
func (d *fieldDef) unitWords(f *field) (string, bool) {
	step, ok := d.pattern(f)
	if !ok || d.size%step != 0 {
		return "", false
	}
	if step == 1 {
		return d.name, true
	}
	return plural(int64(step), d.name), true
}

// pattern returns the step of a field whose values are those of "*/step".
func (d *fieldDef) pattern(f *field) (int, bool) {
	vs := f.values.values()
	n := len(vs)
	if n < 2 {
		return 0, false
	}
	step := vs[1] - vs[0]
	for i := 2; i < n; i++ {
		if vs[i]-vs[i-1] != step {
			return 0, false
		}
	}
	return step, d.spans(vs[0]+d.base(), vs[n-1]+d.base(), step, n)
}

// words says the values of a field: "every hour", "every 6th hour", "hours 9
// through 17", "minutes 0, 20 and 40".
func (d *fieldDef) words(f *field) string {
	if step, ok := d.pattern(f); ok {
		if step == 1 {
			return "every " + d.name
		}
		return "every " + ordinal(step) + " " + d.name
	}
	items := d.ranges(f.values.values(), func(v int) string { return fmt.Sprint(v) })
	text := list(items, "and")
	if len(items) == 1 && !strings.Contains(text, " ") {
		return d.name + " " + text
	}
	return d.name + "s " + text
}

// ranges says sorted values, three or more neighbours as "a through b".
func (d *fieldDef) ranges(vs []int, say func(int) string) []string {
	var items []string
	for len(vs) > 0 {
		n := 1
		for n < len(vs) && vs[n] == vs[0]+n {
			n++
		}
		text := say(vs[0] + d.base())
		if n >= 3 {
			text += " through " + say(vs[n-1]+d.base())
		} else {
			n = 1
		}
		items = append(items, text)
		vs = vs[n:]
	}
	return items
}
