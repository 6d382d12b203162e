package schedule

// meanYear is the mean length of a Gregorian year in days.
const meanYear = float64(cycleDays) / cycleYears

// Frequency returns the mean number of slots per day and per year, without the
// limits: over the 400 years after which the calendar repeats, or over the years
// that the expression lists. Changes of offset are not counted. A one-time
// schedule has 0 and 0.
func (s *Schedule) Frequency() (perDay, perYear float64) {
	switch slots := s.slots.(type) {
	case interval:
		perDay = secondsPerDay / float64(slots.every)
		return perDay, perDay * meanYear
	case wallTimeline:
		perYear = slots.cal.perYear()
	case onceTimeline:
		perYear = slots.cal.perYear()
	}
	return perYear / meanYear, perYear
}

// perYear returns the mean number of matches in a year.
func (c *calendar) perYear() float64 {
	from, years := dayOf(yearDef.min, 1), cycleYears
	if !c.allYears {
		years = c.years.len()
	}
	n := c.countDays(from, from+cycleDays) * c.perDay()
	return float64(n) / float64(years)
}
