package storetest

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/agentic-sdlc/scheduler/job"
)

// often is how many times an action is in the draw that is not rare.
const often = 4

// action is one thing that the model may do next.
type action struct {
	name  string
	often int
	may   bool // there is something to do it to
	do    func(*rapid.T)
}

// actions are all of them, the rare ones last: rapid draws the first ones more often.
func (m *model) actions() []action {
	return []action{
		{"tick", 2 * often, true, m.tick},
		{"claim", often, len(m.leases) > 0, m.claimSome},
		{"settle", 2 * often, len(m.held) > 0, m.settleSome},
		{"create", often, len(m.jobs) < 5, m.createJob},
		{"trigger", often, true, m.triggerJob},
		{"open session", often, len(m.leases) < 3, m.openSession},
		{"settle stale", often, len(m.stale)+len(m.held) > 0, m.settleStale},
		{"heartbeat", often, len(m.leases) > 0, m.beat},
		{"reap", often, true, m.reapDead},
		{"pause", often, true, m.pauseOrResume},
		{"retry", often, m.saw(retriable), m.retryFailed},
		{"cancel run", often, m.saw(nil), m.cancelRun},
		{"drop dead", often, m.saw(nil), m.dropDead},
		{"prune", often, true, m.prune},
		{"fold", often, true, m.fold},
		{"complete jobs", often, true, m.complete},
		{"go on", often, m.stopped != "", func(*rapid.T) { m.goOn() }},
		{"stop", 1, m.stopped == "", m.stopAll},
		{"cancel job", 1, true, m.cancelJob},
		{"outage", 1, true, m.outage},
	}
}

// step does one of what can be done now.
func (m *model) step(t *rapid.T) {
	var names []string
	do := map[string]func(*rapid.T){}
	all := m.actions()
	for round := range 2 * often {
		for _, a := range all {
			if a.may && round < a.often {
				names, do[a.name] = append(names, a.name), a.do
			}
		}
	}
	do[rapid.SampledFrom(names).Draw(t, "action")](t)
}

// retriable are the statuses that may be retried by hand.
var retriable = []job.Status{job.Failed, job.TimedOut, job.Cancelled}

// saw reports whether there was an execution with one of the statuses; nil is any.
func (m *model) saw(statuses []job.Status) bool {
	for _, e := range m.seen {
		if statuses == nil || slices.Contains(statuses, e.Status) {
			return true
		}
	}
	return false
}

// anyOf draws one of the jobs for which ok, and reports whether there is one.
func (m *model) anyOf(t *rapid.T, ok func(job.Job) bool) (job.Job, bool) {
	var all []job.Job
	for _, id := range m.jobs {
		if j := m.get(id); ok(j) {
			all = append(all, j)
		}
	}
	if len(all) == 0 {
		return job.Job{}, false
	}
	return all[rapid.IntRange(0, len(all)-1).Draw(t, "job")], true
}
