package schedule

import (
	"fmt"
	"strings"
	"time"
)

// Describe says the schedule in English, without a period: "At 02:30, every day
// (America/New_York)", "Every 15 minutes", "At minute 0 past every 6th hour
// (UTC)". The zone is named where it matters.
func (s *Schedule) Describe() string {
	switch slots := s.slots.(type) {
	case single:
		at := time.Unix(int64(slots), 0).In(s.zone.loc)
		return "Once, at " + at.Format("2006-01-02 15:04:05 -07:00") + s.zoneSuffix()
	case interval:
		return "Every " + durationWords(slots.every)
	}
	text := s.cron.timeWords() + s.cron.dayWords()
	if s.cron.zoneMatters() {
		text += s.zoneSuffix()
	}
	return text
}

// zoneSuffix names the zone.
func (s *Schedule) zoneSuffix() string {
	if s.spec.Zone == "" {
		return " (UTC)"
	}
	return " (" + s.spec.Zone + ")"
}

// zoneMatters reports whether another zone would give other slots: something
// longer than the minute is restricted.
func (c *cron) zoneMatters() bool {
	return c.hour.values.len() < hourDef.size || !c.dom.any || !c.dow.any ||
		c.month.values.len() < monthDef.size || !c.allYears()
}

// durationWords says seconds: "2 seconds", "1 hour 30 minutes", "day".
func durationWords(seconds int64) string {
	var parts []string
	for _, unit := range [4]struct {
		name    string
		seconds int64
	}{{"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}} {
		if n := seconds / unit.seconds; n > 0 {
			parts = append(parts, plural(n, unit.name))
			seconds %= unit.seconds
		}
	}
	text := strings.Join(parts, " ")
	if name, ok := strings.CutPrefix(text, "1 "); ok && len(parts) == 1 {
		return name
	}
	return text
}

// plural says a number of things.
func plural(n int64, name string) string {
	if n == 1 {
		return "1 " + name
	}
	return fmt.Sprintf("%d %ss", n, name)
}

// ordinal says "1st", "2nd", "3rd", "4th".
func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprint(n, suffix)
}

// list joins words with commas and a last "and" or "or".
func list(words []string, last string) string {
	n := len(words)
	if n < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:n-1], ", ") + " " + last + " " + words[n-1]
}
