package job_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/agentic-sdlc/scheduler/job"
)

// uniform draws a number in [0, n). Numbers that rapid draws by itself are mostly
// small, so that most outages would be too short for anything to be missed.
func uniform[N int | int64](t *rapid.T, label string, n N) N {
	x := rapid.Uint64Range(0, 1<<24).Draw(t, label) + 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return N((x ^ x>>31) % uint64(n))
}

// oneOf draws a member of a list, each as often.
func oneOf[T any](t *rapid.T, label string, list ...T) T { return list[uniform(t, label, len(list))] }

// upTo draws a length of time from none to all of it, to the microsecond.
func upTo(t *rapid.T, label string, all time.Duration) time.Duration {
	return time.Duration(uniform(t, label, all.Microseconds()+1)) * time.Microsecond
}

// times is a schedule with a length of time that the oracle can walk.
type times struct {
	expr  string
	reach time.Duration
}

var someTimes = []times{
	{"* * * * * *", 2 * time.Hour},
	{"* * * * * *", 5 * time.Minute},
	{"*/7 * * * * *", 2 * time.Hour},
	{"5-20/3 0-30 1-3 * * *", 4 * time.Hour},
	{"* * * * *", 2 * 24 * time.Hour},
	{"*/5 * * * *", 4 * 24 * time.Hour},
	{"17,43 * * * *", 8 * 24 * time.Hour},
	{"30 1-3 * * *", 40 * 24 * time.Hour},
	{"30 2 * * *", 110 * 24 * time.Hour},
	{"H H * * *", 20 * 24 * time.Hour},
	{"0 9 * * MON-FRI", 30 * 24 * time.Hour},
	{"0 0 29 2 *", 5 * 24 * time.Hour},
	{"@every 90s", 10 * 24 * time.Hour},
	{"@every 1h7m", 100 * 24 * time.Hour},
	{"", 24 * time.Hour}, // one-time
}

// genStart draws an instant within days of a change of somebody's clock, or of
// nothing in particular.
func genStart(t *rapid.T) time.Time {
	at, _ := time.Parse(time.RFC3339, oneOf(t, "near",
		"2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z", "2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z",
		"2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z", "2026-06-15T12:00:00Z", "1969-12-31T23:59:00Z"))
	return at.Add(upTo(t, "shift", 6*24*time.Hour) - 3*24*time.Hour).Truncate(time.Second).UTC()
}

// situation is all that a plan depends on.
type situation struct {
	def   job.Job
	st    job.State
	now   time.Time
	pol   job.Policy
	start time.Time   // the cursor's instant; slots from it on are not accounted for
	slots []time.Time // those up to now, by brute force
}

// genJob draws a definition whose planning starts at the instant. Dates that would
// leave it without any slot are dropped.
func genJob(t *rapid.T, start time.Time) (job.Job, times) {
	when := oneOf(t, "schedule", someTimes...)
	def := job.Job{Seed: "default/x", Anchor: start.Add(-upTo(t, "anchor", 90*time.Minute))}
	def.Spec = job.Spec{
		Type: job.TypeCron, Schedule: when.expr, Timezone: oneOf(t, "zone", "UTC", "America/New_York", "Europe/London", "Australia/Lord_Howe"),
		DSTPolicy: oneOf(t, "dst", "once", "wall"), Misfire: oneOf(t, "misfire", job.Misfires()...),
		Overlap: oneOf(t, "overlap", job.Overlaps()...), Concurrency: 2,
	}
	if when.expr == "" {
		at := start.Add(upTo(t, "at", when.reach))
		def.Type, def.ExecuteAt = job.TypeOneTime, &at
	}
	within := func(label string) *time.Time {
		at := start.Add(upTo(t, label, when.reach+time.Hour) - time.Hour).Truncate(time.Second)
		return &at
	}
	if uniform(t, "ends", 5) == 0 {
		def.EndDate = within("end")
	}
	if uniform(t, "starts", 5) == 0 {
		def.StartDate = within("begin")
	}
	if _, err := job.Compile(&def); err != nil {
		def.StartDate, def.EndDate = nil, nil
	}
	return def, when
}

// genPolicy draws the operator's policy: the design's two times out of three.
func genPolicy(t *rapid.T) job.Policy {
	if uniform(t, "policy", 3) > 0 {
		return job.DefaultPolicy()
	}
	return job.Policy{
		MisfireThreshold: upTo(t, "threshold", 10*time.Minute).Truncate(time.Second), CatchUpMax: 1 + uniform(t, "catch-up", 150),
		CatchUpSpacing: upTo(t, "spacing", 5*time.Second), RangeMin: uniform(t, "range", 150),
	}
}

// genSituation draws an outage of some length.
func genSituation(t *rapid.T) situation {
	s := situation{start: genStart(t)}
	var when times
	s.def, when = genJob(t, s.start)
	length := oneOf(t, "length", 90*time.Second, when.reach/20, when.reach, when.reach)
	s.now = s.start.Add(upTo(t, "outage", length))
	if uniform(t, "whole", 2) == 0 {
		s.now = s.now.Truncate(time.Second)
	}
	var err error
	if s.slots, err = brute(&s.def, s.start, s.now); err != nil {
		t.Fatal(err)
	}
	s.vary(t)
	return s
}

// vary draws policies, limits and what is live; the slots stay.
func (s *situation) vary(t *rapid.T) {
	s.pol = genPolicy(t)
	d := &s.def
	d.Misfire, d.Overlap = oneOf(t, "misfire", job.Misfires()...), oneOf(t, "overlap", job.Overlaps()...)
	d.Concurrency, d.JitterMS = oneOf(t, "concurrency", 1, 2, 5, 1000), oneOf[int64](t, "jitter", 0, 1, 30_000)
	next := s.st.NextRun
	s.st, d.MaxExecutions, d.MisfireGrace = job.State{NextRun: next}, nil, nil
	if uniform(t, "limited", 3) == 0 {
		limit := 1 + uniform(t, "limit", int64(150))
		d.MaxExecutions = &limit
		s.st.Occurrences = min(limit, uniform(t, "occurrences", limit+limit/4+1))
	}
	if uniform(t, "busy", 2) == 0 {
		s.st.Live, s.st.Queued = uniform(t, "live", 7), uniform(t, "queued", 3)
	}
	s.atEdge(t)
}

// atEdge puts the situation where a millisecond or a slot decides, now and then: a
// grace that just holds, as many slots as just make a range.
func (s *situation) atEdge(t *rapid.T) {
	missed := slices.IndexFunc(s.slots, func(at time.Time) bool { return s.now.Sub(at) < s.pol.MisfireThreshold })
	if missed < 0 {
		missed = len(s.slots)
	}
	if uniform(t, "graced", 3) == 0 {
		ms := upTo(t, "grace", max(s.now.Sub(s.start), 0)).Milliseconds()
		if missed > 0 && uniform(t, "just", 2) == 0 {
			ms = s.now.Sub(s.slots[missed-1]).Milliseconds() - uniform(t, "by", int64(2))
		}
		s.def.MisfireGrace = &ms
	}
	if missed > 0 && uniform(t, "ranged", 4) == 0 {
		s.pol.RangeMin = max(0, min(missed, 1000)-uniform(t, "below", 3))
	}
	if missed > 0 && uniform(t, "caught", 4) == 0 {
		s.pol.CatchUpMax = max(1, min(missed, 1000)+1-uniform(t, "short", 3))
	}
}
