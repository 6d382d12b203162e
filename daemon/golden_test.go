package daemon_test

import (
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// Every outage begins here, three seconds before noon, and so before a slot of every
// job of the table.
var outageStart = time.Date(2026, 1, 5, 11, 59, 57, 0, time.UTC)

// The jobs of the table. They may overlap as much as they like, so that nothing but
// the misfire policy decides.
var goldenJobs = map[string]func(s *job.Spec){
	"secondly": func(s *job.Spec) { s.Schedule, s.Overlap, s.Concurrency = "* * * * * *", job.OverlapAllow, 1000 },
	"minutely": func(s *job.Spec) { s.Schedule, s.Overlap, s.Concurrency = "* * * * *", job.OverlapAllow, 1000 },
	"daily": func(s *job.Spec) {
		s.Schedule, s.Timezone, s.Overlap, s.Concurrency = "0 7 * * *", "America/New_York", job.OverlapAllow, 1000
	},
	"one-time": func(s *job.Spec) { at := outageStart.Add(3 * time.Second); s.ExecuteAt = &at },
}

// golden is one cell: what must be in the ledger after an outage of that length.
type golden struct {
	job     string
	misfire job.Misfire
	outage  time.Duration
	want    []rows
	next    string // next_run afterwards
}

const (
	fireOnce, fireAll, skip = job.MisfireFireOnce, job.MisfireFireAll, job.MisfireSkip

	seconds5 = 5 * time.Second
	hours2   = 2 * time.Hour
	days400  = 400 * 24 * time.Hour
)

// goldenTable was worked out by hand from the design's §4: slots younger than 60 s
// are late and fire; of the older ones fire_once runs the latest, fire_all the newest
// 100, skip none; more than 100 adjacent records become one range row.
//
// Two hours end at 13:59:57, where a slot of 13:58:57 or before is missed. 400 days
// end on 9 February 2027 at 11:59:57; New York's winter time ends and begins in
// between, so that seven o'clock there is 11:00 or 12:00.
var goldenTable = []golden{
	{"secondly", fireOnce, seconds5, []rows{many("run", "2026-01-05T11:59:58Z", "2026-01-05T12:00:02Z", 5)}, "2026-01-05T12:00:03Z"},
	{"secondly", fireAll, seconds5, []rows{many("run", "2026-01-05T11:59:58Z", "2026-01-05T12:00:02Z", 5)}, "2026-01-05T12:00:03Z"},
	{"secondly", skip, seconds5, []rows{many("run", "2026-01-05T11:59:58Z", "2026-01-05T12:00:02Z", 5)}, "2026-01-05T12:00:03Z"},
	{"secondly", fireOnce, hours2, []rows{
		stretch("missed", "2026-01-05T11:59:58Z", "2026-01-05T13:58:56Z", 7139),
		one("caught up", "2026-01-05T13:58:57Z"),
		many("run", "2026-01-05T13:58:58Z", "2026-01-05T13:59:57Z", 60),
	}, "2026-01-05T13:59:58Z"},
	{"secondly", fireAll, hours2, []rows{
		stretch("missed", "2026-01-05T11:59:58Z", "2026-01-05T13:57:17Z", 7040),
		many("caught up", "2026-01-05T13:57:18Z", "2026-01-05T13:58:57Z", 100),
		many("run", "2026-01-05T13:58:58Z", "2026-01-05T13:59:57Z", 60),
	}, "2026-01-05T13:59:58Z"},
	{"secondly", skip, hours2, []rows{
		stretch("missed", "2026-01-05T11:59:58Z", "2026-01-05T13:58:57Z", 7140),
		many("run", "2026-01-05T13:58:58Z", "2026-01-05T13:59:57Z", 60),
	}, "2026-01-05T13:59:58Z"},
	{"secondly", fireOnce, days400, []rows{
		stretch("missed", "2026-01-05T11:59:58Z", "2027-02-09T11:58:56Z", 34_559_939),
		one("caught up", "2027-02-09T11:58:57Z"),
		many("run", "2027-02-09T11:58:58Z", "2027-02-09T11:59:57Z", 60),
	}, "2027-02-09T11:59:58Z"},
	{"secondly", fireAll, days400, []rows{
		stretch("missed", "2026-01-05T11:59:58Z", "2027-02-09T11:57:17Z", 34_559_840),
		many("caught up", "2027-02-09T11:57:18Z", "2027-02-09T11:58:57Z", 100),
		many("run", "2027-02-09T11:58:58Z", "2027-02-09T11:59:57Z", 60),
	}, "2027-02-09T11:59:58Z"},
	{"secondly", skip, days400, []rows{
		stretch("missed", "2026-01-05T11:59:58Z", "2027-02-09T11:58:57Z", 34_559_940),
		many("run", "2027-02-09T11:58:58Z", "2027-02-09T11:59:57Z", 60),
	}, "2027-02-09T11:59:58Z"},

	{"minutely", fireOnce, seconds5, []rows{one("run", "2026-01-05T12:00:00Z")}, "2026-01-05T12:01:00Z"},
	{"minutely", fireAll, seconds5, []rows{one("run", "2026-01-05T12:00:00Z")}, "2026-01-05T12:01:00Z"},
	{"minutely", skip, seconds5, []rows{one("run", "2026-01-05T12:00:00Z")}, "2026-01-05T12:01:00Z"},
	{"minutely", fireOnce, hours2, []rows{
		stretch("missed", "2026-01-05T12:00:00Z", "2026-01-05T13:57:00Z", 118),
		one("caught up", "2026-01-05T13:58:00Z"),
		one("run", "2026-01-05T13:59:00Z"),
	}, "2026-01-05T14:00:00Z"},
	{"minutely", fireAll, hours2, []rows{
		many("missed", "2026-01-05T12:00:00Z", "2026-01-05T12:18:00Z", 19),
		many("caught up", "2026-01-05T12:19:00Z", "2026-01-05T13:58:00Z", 100),
		one("run", "2026-01-05T13:59:00Z"),
	}, "2026-01-05T14:00:00Z"},
	{"minutely", skip, hours2, []rows{
		stretch("missed", "2026-01-05T12:00:00Z", "2026-01-05T13:58:00Z", 119),
		one("run", "2026-01-05T13:59:00Z"),
	}, "2026-01-05T14:00:00Z"},
	{"minutely", fireOnce, days400, []rows{
		stretch("missed", "2026-01-05T12:00:00Z", "2027-02-09T11:57:00Z", 575_998),
		one("caught up", "2027-02-09T11:58:00Z"),
		one("run", "2027-02-09T11:59:00Z"),
	}, "2027-02-09T12:00:00Z"},
	{"minutely", fireAll, days400, []rows{
		stretch("missed", "2026-01-05T12:00:00Z", "2027-02-09T10:18:00Z", 575_899),
		many("caught up", "2027-02-09T10:19:00Z", "2027-02-09T11:58:00Z", 100),
		one("run", "2027-02-09T11:59:00Z"),
	}, "2027-02-09T12:00:00Z"},
	{"minutely", skip, days400, []rows{
		stretch("missed", "2026-01-05T12:00:00Z", "2027-02-09T11:58:00Z", 575_999),
		one("run", "2027-02-09T11:59:00Z"),
	}, "2027-02-09T12:00:00Z"},

	{"daily", fireOnce, seconds5, []rows{one("run", "2026-01-05T12:00:00Z")}, "2026-01-06T12:00:00Z"},
	{"daily", fireAll, seconds5, []rows{one("run", "2026-01-05T12:00:00Z")}, "2026-01-06T12:00:00Z"},
	{"daily", skip, seconds5, []rows{one("run", "2026-01-05T12:00:00Z")}, "2026-01-06T12:00:00Z"},
	{"daily", fireOnce, hours2, []rows{one("caught up", "2026-01-05T12:00:00Z")}, "2026-01-06T12:00:00Z"},
	{"daily", fireAll, hours2, []rows{one("caught up", "2026-01-05T12:00:00Z")}, "2026-01-06T12:00:00Z"},
	{"daily", skip, hours2, []rows{one("missed", "2026-01-05T12:00:00Z")}, "2026-01-06T12:00:00Z"},
	{"daily", fireOnce, days400, []rows{
		stretch("missed", "2026-01-05T12:00:00Z", "2027-02-07T12:00:00Z", 399),
		one("caught up", "2027-02-08T12:00:00Z"),
	}, "2027-02-09T12:00:00Z"},
	{"daily", fireAll, days400, []rows{
		stretch("missed", "2026-01-05T12:00:00Z", "2026-10-31T11:00:00Z", 300),
		many("caught up", "2026-11-01T12:00:00Z", "2027-02-08T12:00:00Z", 100),
	}, "2027-02-09T12:00:00Z"},
	{"daily", skip, days400, []rows{stretch("missed", "2026-01-05T12:00:00Z", "2027-02-08T12:00:00Z", 400)}, "2027-02-09T12:00:00Z"},

	{"one-time", fireOnce, seconds5, []rows{one("run", "2026-01-05T12:00:00Z")}, ""},
	{"one-time", fireAll, seconds5, []rows{one("run", "2026-01-05T12:00:00Z")}, ""},
	{"one-time", skip, seconds5, []rows{one("run", "2026-01-05T12:00:00Z")}, ""},
	{"one-time", fireOnce, hours2, []rows{one("caught up", "2026-01-05T12:00:00Z")}, ""},
	{"one-time", fireAll, hours2, []rows{one("caught up", "2026-01-05T12:00:00Z")}, ""},
	{"one-time", skip, hours2, []rows{one("missed", "2026-01-05T12:00:00Z")}, ""},
	{"one-time", fireOnce, days400, []rows{one("caught up", "2026-01-05T12:00:00Z")}, ""},
	{"one-time", fireAll, days400, []rows{one("caught up", "2026-01-05T12:00:00Z")}, ""},
	{"one-time", skip, days400, []rows{one("missed", "2026-01-05T12:00:00Z")}, ""},
}

func (g *golden) name() string { return g.job + "-" + string(g.misfire) }

// cell is a job of the table on a shelf.
type cell struct {
	golden
	id job.ID
}

// eachOutage makes a store for each outage of the table with a job for each of its
// cells, created just before the outage; own is the job's misfire policy, "" = the
// cell's.
func eachOutage(t *testing.T, own job.Misfire, run func(s *shelf, cells []cell)) {
	t.Helper()
	for _, outage := range []time.Duration{seconds5, hours2, days400} {
		t.Run(outage.String(), func(t *testing.T) {
			t.Parallel()
			s := newShelf(t, outageStart)
			var cells []cell
			for _, g := range goldenTable {
				if g.outage != outage {
					continue
				}
				j := s.create(g.name(), func(spec *job.Spec) {
					goldenJobs[g.job](spec)
					if spec.Misfire = g.misfire; own != "" {
						spec.Misfire = own
					}
				})
				cells = append(cells, cell{g, j.ID})
			}
			run(s, cells)
		})
	}
}

// as runs a cell's part of a test under its name.
func (s *shelf) as(c cell, part func()) {
	tb := s.TB
	tb.(*testing.T).Run(c.name(), func(t *testing.T) {
		s.TB = t
		defer func() { s.TB = tb }()
		part()
	})
}

func (s *shelf) describe(id job.ID, text string) {
	s.Helper()
	s.mustChange(id, job.Patch(s.act(), func(spec *job.Spec) error { spec.Description = text; return nil }))
}

// goldenWays are what may end an outage. All of them lead to the same rows.
var goldenWays = map[string]func(s *shelf, cells []cell){
	"tick":    func(s *shelf, _ []cell) { s.plan() },
	"restart": func(s *shelf, _ []cell) { s.restart(); s.plan() },
	"edit": func(s *shelf, cells []cell) {
		for _, c := range cells {
			s.describe(c.id, "edited")
		}
	},
	"restart, edit, tick, restart, tick": func(s *shelf, cells []cell) {
		s.restart()
		s.describe(cells[0].id, "edited")
		s.plan()
		s.restart()
		s.plan()
	},
}

// TestGoldenRows goes through the table for a tick, a restart and an edit.
func TestGoldenRows(t *testing.T) {
	t.Parallel()
	for way, end := range goldenWays {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			eachOutage(t, "", func(s *shelf, cells []cell) {
				s.now = outageStart.Add(cells[0].outage)
				end(s, cells)
				for _, c := range cells {
					s.as(c, func() { s.wantRows(c.id, c.want, c.next) })
				}
			})
		})
	}
}
