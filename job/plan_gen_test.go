package job_test

import (
	"time"

	"pgregory.net/rapid"

	"github.com/agentic-sdlc/scheduler/job"
)

// times is a schedule with a length of time that the oracle can walk.
type times struct {
	expr  string
	reach time.Duration
}

var genTimes = rapid.SampledFrom([]times{
	{"* * * * * *", 3 * time.Hour},
	{"*/7 * * * * *", 12 * time.Hour},
	{"5-20/3 0-30 1-3 * * *", 4 * time.Hour},
	{"* * * * *", 8 * 24 * time.Hour},
	{"*/5 * * * *", 20 * 24 * time.Hour},
	{"17,43 * * * *", 30 * 24 * time.Hour},
	{"30 1-3 * * *", 60 * 24 * time.Hour},
	{"30 2 * * *", 150 * 24 * time.Hour},
	{"H H * * *", 150 * 24 * time.Hour},
	{"0 9 * * MON-FRI", 150 * 24 * time.Hour},
	{"0 0 29 2 *", 30 * 24 * time.Hour},
	{"@every 90s", 10 * 24 * time.Hour},
	{"@every 1h7m", 100 * 24 * time.Hour},
	{"", 24 * time.Hour}, // one-time
})

// change is an instant at or near a change of the clock in one of genZone, or not.
var genStart = rapid.Custom(func(t *rapid.T) time.Time {
	near := rapid.SampledFrom([]string{
		"2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z", "2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z",
		"2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z", "2026-06-15T12:00:00Z", "1969-12-31T23:59:00Z",
	}).Draw(t, "near")
	at, _ := time.Parse(time.RFC3339, near)
	return at.Add(time.Duration(rapid.IntRange(-3*24*3600, 3*24*3600).Draw(t, "shift")) * time.Second).UTC()
})

var genZone = rapid.SampledFrom([]string{"UTC", "America/New_York", "Europe/London", "Australia/Lord_Howe"})

// situation is all that a plan depends on.
type situation struct {
	def   job.Job
	st    job.State
	now   time.Time
	pol   job.Policy
	start time.Time // the cursor's instant; slots from it on are not accounted for
}

// genJob draws a definition whose planning starts at the instant.
func genJob(t *rapid.T, start time.Time) (job.Job, times) {
	when := genTimes.Draw(t, "schedule")
	def := job.Job{Seed: "default/x", Anchor: start.Add(-time.Duration(rapid.IntRange(0, 5000).Draw(t, "anchor")) * time.Second)}
	def.Spec = job.Spec{
		Type: job.TypeCron, Schedule: when.expr, Timezone: genZone.Draw(t, "zone"), DSTPolicy: rapid.SampledFrom([]string{"once", "wall"}).Draw(t, "dst"),
		Misfire: rapid.SampledFrom(job.Misfires()).Draw(t, "misfire"), Overlap: rapid.SampledFrom(job.Overlaps()).Draw(t, "overlap"),
		Concurrency: rapid.SampledFrom([]int{1, 1, 2, 5, 1000}).Draw(t, "concurrency"), JitterMS: rapid.SampledFrom([]int64{0, 0, 1, 30_000}).Draw(t, "jitter"),
	}
	if when.expr == "" {
		at := start.Add(time.Duration(rapid.Int64Range(0, int64(when.reach/time.Millisecond)).Draw(t, "at")) * time.Millisecond)
		def.Type, def.ExecuteAt = job.TypeOneTime, &at
	}
	if rapid.IntRange(0, 3).Draw(t, "graced") == 0 {
		ms := rapid.Int64Range(0, 2*when.reach.Milliseconds()/10).Draw(t, "grace")
		def.MisfireGrace = &ms
	}
	within := func(label string) *time.Time {
		at := start.Add(time.Duration(rapid.Int64Range(-3600, int64(when.reach/time.Second)).Draw(t, label)) * time.Second)
		return &at
	}
	if rapid.IntRange(0, 4).Draw(t, "ends") == 0 {
		def.EndDate = within("end")
	}
	if rapid.IntRange(0, 4).Draw(t, "starts") == 0 {
		def.StartDate = within("begin")
	}
	return def, when
}

// genSituation draws an outage of some length.
func genSituation(t *rapid.T) situation {
	s := situation{start: genStart.Draw(t, "start"), pol: job.DefaultPolicy()}
	var when times
	s.def, when = genJob(t, s.start)
	if rapid.IntRange(0, 2).Draw(t, "policy") == 0 {
		s.pol = job.Policy{
			MisfireThreshold: time.Duration(rapid.IntRange(0, 600).Draw(t, "threshold")) * time.Second,
			CatchUpMax:       rapid.IntRange(1, 150).Draw(t, "catch-up"),
			CatchUpSpacing:   time.Duration(rapid.IntRange(0, 5000).Draw(t, "spacing")) * time.Millisecond,
			RangeMin:         rapid.IntRange(0, 150).Draw(t, "range"),
		}
	}
	if rapid.IntRange(0, 2).Draw(t, "limited") == 0 {
		limit := rapid.Int64Range(1, 150).Draw(t, "limit")
		s.def.MaxExecutions = &limit
		s.st.Occurrences = rapid.Int64Range(0, limit).Draw(t, "occurrences")
	}
	if rapid.IntRange(0, 1).Draw(t, "busy") == 0 {
		s.st.Live = rapid.IntRange(0, 6).Draw(t, "live")
		s.st.Queued = rapid.IntRange(0, 2).Draw(t, "queued")
	}
	length := rapid.SampledFrom([]time.Duration{10 * time.Second, 90 * time.Second, when.reach / 20, when.reach}).Draw(t, "length")
	s.now = s.start.Add(time.Duration(rapid.Int64Range(0, length.Microseconds()).Draw(t, "outage")) * time.Microsecond)
	return s
}
