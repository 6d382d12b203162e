package schedule

// Days are counted from 1970-01-01. The conversions are those of Howard Hinnant,
// "chrono-Compatible Low-Level Date Algorithms", with the era moved up in place of
// the branch for years before 0. Slots begin in year 1; their wall times may lie
// in the last days of year 0.

const (
	daysTo1970 = 719468 // from 0000-03-01 to 1970-01-01
	cycleYears = 400    // the Gregorian calendar repeats after 400 years …
	cycleDays  = 146097 // … which are whole weeks
)

// dateOf returns the date of a day, not before 0000-03-01.
func dateOf(day int64) (year, month, dom int) {
	z := uint64(day + daysTo1970)
	era, doe := z/cycleDays, z%cycleDays
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	year, month, dom = int(yoe+era*cycleYears), int(mp)+3, int(doy-(153*mp+2)/5)+1
	if month > 12 {
		return year + 1, month - 12, dom
	}
	return year, month, dom
}

// dayOf returns the first day of a month of a year not before 0.
func dayOf(year, month int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	y := uint64(year + cycleYears) // keeps January of year 0 positive
	era, yoe := y/cycleYears, y%cycleYears
	doy := (153*uint64(month-3) + 2) / 5
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return int64(era*cycleDays+doe) - cycleDays - daysTo1970
}

// weekday returns the day of the week of a day in year 0 or later, 0 for Sunday.
func weekday(day int64) int {
	return int((day + daysTo1970 + cycleDays + 3) % 7) // 0000-03-01 was a Wednesday
}

// leap reports whether the year has a 29 February.
func leap(year int) bool {
	return year%4 == 0 && (year%100 != 0 || year%400 == 0)
}

// monthLengths are the days of the months of a common year, from index 1.
var monthLengths = [13]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// monthLength returns the number of days of a month.
func monthLength(year, month int) int {
	if month == 2 && leap(year) {
		return 29
	}
	return monthLengths[month]
}

// There are 14 kinds of years: common or leap, by the weekday of 1 January.
// Years of one kind have the same calendar.
const yearKinds = 14

// kindOf returns the kind of a year not before 0: the weekday of 1 January, plus
// 7 for leap years.
func kindOf(year int) int {
	p := year + cycleYears - 1
	kind := (p + p/4 - p/100 + p/400 + 1) % 7
	if leap(year) {
		kind += 7
	}
	return kind
}
