package main

import "strings"

// schedules makes jobs with expressions, and explains these: all are refused in the same words.
func schedules(says string, expressions ...string) []try {
	var tries []try
	for _, e := range expressions {
		tries = append(tries,
			call(400, "schedule", says, "POST", "/jobs/cron", `{"name":"bad","handler_name":"noop","schedule":`+quoted(e)+`}`),
			typed(2, says, "explain", "--", e))
	}
	return tries
}

// accepts explains expressions that somebody may take for bad ones.
func accepts(says string, expressions ...string) []try {
	var tries []try
	for _, e := range expressions {
		tries = append(tries, typed(0, says, "explain", "--", e))
	}
	return tries
}

// at makes a one-time job.
func at(instant string, status int, says string) try {
	fields := "execute_at"
	if status == 201 {
		fields = ""
	}
	t := call(status, fields, says, "POST", "/jobs/once", once(`,"execute_at":`+instant))
	t.writes = status == 201
	return t
}

// recurring makes a recurring job with two dates.
func recurring(dates, fields, says string) try {
	return call(400, fields, says, "POST", "/jobs/recurring", cron(","+dates))
}

// zone makes a job in a time zone.
func zone(name string) []try {
	return []try{
		post(cron(`,"timezone":`+quoted(name)), 400, "timezone", "time zone"),
		typed(2, "time zone", "explain", "@daily", "--tz="+name),
	}
}

// badSchedules are rows B18 to B33: expressions, zones and dates.
func badSchedules() []badRow {
	var zones []try
	for _, name := range []string{"Mars/Base", "EST5EDT4", "../../etc/passwd", "Local", " utc", "GMT+25"} {
		zones = append(zones, zone(name)...)
	}
	return []badRow{
		{18, "a wrong number of fields", "seven fields are supported: seconds first, year last", append(
			schedules("expected 5 fields", "* * * *", "* * * * * * * *"),
			post(`{"name":"bad","handler_name":"noop","schedule":""}`, 400, "schedule", "is required"),
			post(`{"name":"bad","handler_name":"noop","schedule":"   "}`, 400, "schedule", "is required"),
			typed(0, "", "explain", "0 0 0 1 1 * 2099"),
		)},
		{19, "a number out of range", "", append(append(append(append(
			schedules("minute: 60 is outside 0–59", "60 * * * *"),
			schedules("hour: 24 is outside 0–23", "* 24 * * *")...),
			schedules("day of month: 0 is outside 1–31", "* * 0 * *")...),
			schedules("month: 13 is outside 1–12", "* * * 13 *")...),
			schedules("day of week: 8 is outside 0–7", "* * * * 8")...)},
		{20, "an impossible step", "", schedules("step", "*/0 * * * *", "*/99 * * * *", "5/0 * * * *")},
		{21, "a range that runs backwards", "ranges may wrap around: 22-2 is 22, 23, 0, 1, 2", accepts("", "0 22-2 * * *", "0 0 * * FRI-MON", "0 0 * * MON-7")},
		{22, "punctuation", "", schedules("minute", "1,,2 * * * *", "1,2, * * * *", ",1 * * * *", "1/ * * * *", "*/2/3 * * * *", "1-2-3 * * * *",
			"+5 * * * *", "*5 * * * *", "*-5 * * * *", "0x10 * * * *")},
		{23, "a day that never comes", "", schedules("never fires", "0 0 30 2 *", "0 0 31 4 *", "0 0 31 2,4,6,9,11 *")},
		{24, "a zone in the expression", "", append(
			schedules("timezone", "CRON_TZ=UTC 0 * * * *", "TZ=UTC 0 * * * *"),
			schedules("", "TZ=UTC", "CRON_TZ=")...)},
		{25, "unknown macros, impossible intervals", "", append(append(
			schedules("@hourly", "@reboot", "@foo", "@"),
			schedules("at least 1s", "@every 0s", "@every -5s", "@every 1ns")...),
			schedules("@every", "@every", "@every soon")...)},
		{26, "every second", "design §4: whole seconds are the grain of slots, and nobody needs to ask", accepts("", "* * * * * *", "@every 1s")},
		{27, "L, W, # and H", "all are supported", accepts("", "0 0 L * *", "0 0 15W * *", "0 0 * * 5L", "0 0 * * 5#2", "H H * * *")},
		{28, "long lists, odd blanks", "", append(append(schedules("", strings.Repeat("1,", 200)+"1 * * * *", "0 0 * * * ; rm"),
			schedules("character U+", "0 0 * * *\n", "0\u00a00 * * *", "٣ * * * *")...),
			accepts("", "0\t0  * *   *")...)},
		{29, "an unknown zone", "", append(zones, post(cron(`,"timezone":""`), 400, "timezone", ""))},
		{30, "a time in the past", "up to 60 s past is accepted and runs now; there is no horizon for dates", []try{
			at(`"2020-01-01T00:00:00Z"`, 400, "past"),
			at(`"0001-01-01T00:00:00Z"`, 400, ""),
			at(`"10000-01-01T00:00:00Z"`, 400, ""),
			typed(2, "past", "job", "create", "once", "bad", "--at", "2020-01-01T00:00:00Z", "--handler", "noop"),
		}},
		{31, "a time that is none", "", []try{
			at(`"2026-02-30T00:00:00Z"`, 400, "RFC 3339"), at(`"2027-12-01T24:00:00Z"`, 400, "RFC 3339"), at(`"2027-12-01T23:59:60Z"`, 400, "RFC 3339"),
			at(`"2027-12-01T00:00:00"`, 400, "RFC 3339"), at(`"2027-12-01"`, 400, "RFC 3339"), at(`1796000000`, 400, "RFC 3339"), at(`"01.12.2027 10:00"`, 400, "RFC 3339"),
			typed(2, "--at", "job", "create", "once", "bad", "--at", "2026-02-30", "--handler", "noop"),
		}},
		{32, "limits without a run between", "there is no horizon for dates", []try{
			recurring(`"start_date":"2050-01-01T00:00:00Z","end_date":"2049-01-01T00:00:00Z"`, "end_date", "must be after start_date"),
			recurring(`"start_date":"2050-01-01T00:00:00Z","end_date":"2050-01-01T00:00:00Z"`, "end_date", "must be after start_date"),
			recurring(`"start_date":"2019-01-01T00:00:00Z","end_date":"2020-01-01T00:00:00Z"`, "end_date", "is in the past"),
			recurring(`"start_date":"2050-01-02T00:00:00Z","end_date":"2050-02-01T00:00:00Z"`, "end_date", "no slot at or after start_date and before end_date"),
			post(cron(`,"end_date":"2050-01-01T00:00:00Z"`), 400, "end_date", "is for recurring jobs"),
			typed(2, "end_date", "job", "create", "recurring", "bad", "-s", "@daily", "--start", "2050-01-02 00:00", "--end", "2050-01-01 00:00", "--handler", "noop"),
		}},
		{33, "a schedule and a time, or neither", "", []try{
			call(400, "schedule", "", "POST", "/jobs/once", once(`,"schedule":"@daily","execute_at":"2050-01-01T00:00:00Z"`)),
			call(400, "execute_at", "", "POST", "/jobs/once", once(``)),
			post(once(``), 400, "schedule", ""),
			post(cron(`,"execute_at":"2050-01-01T00:00:00Z"`), 400, "execute_at", ""),
			typed(2, "", "job", "create", "cron", "bad", "--handler", "noop"),
			typed(2, "", "job", "create", "once", "bad", "--handler", "noop"),
			typed(2, "", "job", "create", "once", "bad", "--at", "2050-01-01", "--in", "5m", "--handler", "noop"),
		}},
	}
}
