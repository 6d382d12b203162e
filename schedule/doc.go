// Package schedule decides when a job fires.
//
// A [Spec] says it in the user's words: a cron expression, a macro, an interval
// or one instant, with a time zone, a rule for daylight saving and limits.
// [New] compiles it to a [Schedule], which answers three questions about its
// slots, the instants at which the job is due: which comes next, which came
// last, and how many lie between two instants.
//
//	s, err := schedule.New(schedule.Spec{Expr: "30 2 * * *", Zone: "America/New_York"})
//	next := s.Next(now)
//
// # Expressions
//
// Five fields are minute, hour, day of month, month and day of week. Six have
// the second in front, seven also have the year at the end.
//
//	field          values                     also
//	second         0–59
//	minute         0–59
//	hour           0–23
//	day of month   1–31                       ? L 15W LW
//	month          1–12, JAN–DEC
//	day of week    0–7 (7 = Sunday), SUN–SAT  ? 5L 5#2
//	year           1970–2099
//
// Each field is a list of items separated by commas: "*", a value, a range
// "a-b" that may wrap around ("FRI-MON", "22-2"), each of them with a step
// ("*/15", "10-50/10"; "a/n" runs from a to the end), or "H", a value chosen by
// a stable hash of [Spec].Seed ("H", "H/15", "H(0-29)", "H(0-29)/10"), which spreads
// jobs that need no exact time.
//
// When both day fields are restricted, a day matches that satisfies either of
// them, as POSIX says. Only "*" and "?" leave a day field unrestricted.
//
// The macros are @yearly, @annually, @monthly, @weekly, @daily, @midnight,
// @hourly, and "@every 90m", an interval of elapsed time counted from
// [Spec].Anchor.
//
// # Daylight saving
//
// A schedule is fixed-time when neither its minute nor its hour field, as the
// user wrote them, starts with "*". By default ([DSTOnce]) a fixed-time schedule
// fires at the first instant at which the zone's clock reaches or passes the
// time: a time that the clock jumps over fires right after the jump, once; a
// time that the clock shows twice fires the first time. This is the rule of
// vixie and ISC cron, for a jump of any size.
//
// All other schedules, and all schedules under [DSTWall], follow the clock: they
// fire whenever it shows a matching time, twice when it shows it twice, never
// when it is jumped over.
//
// # Values
//
// Slots are whole seconds in UTC, after the zero [time.Time] and before the
// year 10000. The package reads no clock, no random source and, apart from
// time-zone data, no file.
package schedule
