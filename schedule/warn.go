package schedule

import (
	"fmt"
	"math/bits"
)

// Warnings returns what is allowed but often not meant, one sentence each.
func (s *Schedule) Warnings() []string {
	if s.cron == nil {
		return nil
	}
	var warnings []string
	for _, check := range [](func(*cron) string){warnEitherDay, warnEveryMinute, warnShortMonths, warnUnevenStep} {
		if text := check(s.cron); text != "" {
			warnings = append(warnings, text)
		}
	}
	return warnings
}

// warnEitherDay: both day fields are restricted.
func warnEitherDay(c *cron) string {
	if !c.eitherDay() {
		return ""
	}
	return "day of month and day of week are both restricted: it runs on days that match either of them"
}

// warnEveryMinute: "* 2 * * *" where "0 2 * * *" was meant.
func warnEveryMinute(c *cron) string {
	if c.hour.values.len() != 1 || !c.minute.any {
		return ""
	}
	h := bits.TrailingZeros64(c.hour.values[0])
	n := int64(minuteDef.size * c.second.values.len())
	return fmt.Sprintf("it runs %s between %02d:00 and %02d:59; for one run at %02d:00 write 0 in the minute field", plural(n, "time"), h, h, h)
}

// warnShortMonths: the only days named are missing from some of the months.
func warnShortMonths(c *cron) string {
	d := c.dom.values[0]
	if c.dom.any || !c.dow.any || d == 0 || c.dom.dayForms != (dayForms{}) {
		return ""
	}
	least := bits.TrailingZeros64(d)
	if months := c.month.values; months.len() == 1 && months.has(2) && least == 29 {
		return "29 February exists in leap years only: it runs every four years"
	}
	for _, m := range c.month.values.values() {
		if least > monthLengths[m] {
			return fmt.Sprintf("not every month has a day %d: it does not run in those; L is the last day of each month", least)
		}
	}
	return ""
}

// warnUnevenStep: "*/7" starts again at every full hour.
func warnUnevenStep(c *cron) string {
	for i, f := range []*field{&c.second, &c.minute, &c.hour} {
		def := fields[i]
		if !f.star || f.any {
			continue
		}
		step := starStep(def, &f.values)
		if def.size%step != 0 {
			return fmt.Sprintf("%s */%d is uneven: it starts again at 0, %s after the last one; @every keeps equal distances",
				def.name, step, plural(int64(def.size-(def.size-1)/step*step), def.name))
		}
	}
	return ""
}
