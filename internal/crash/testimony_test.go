//go:build linux

package crash

import (
	"github.com/agentic-sdlc/scheduler/job"
)

// attempt names one start of a handler.
type attempt struct {
	id job.ID
	n  int
}

// testimony holds what the commands of one job said, in the order in which they said
// it, against its records.
func (v *verdict) testimony(p *promise, rows []row, marks []mark) {
	starts, tokens := map[job.ID]int{}, map[job.ID]int64{}
	begun, done := map[attempt]int{}, map[attempt]int{}
	open := map[attempt]bool{}   // started, and did not end so far
	passed := map[attempt]bool{} // another run of the job started before it ended
	for _, m := range marks {
		a := attempt{m.id, m.attempt}
		if m.kind == "end" {
			done[a]++
			delete(open, a)
			if begun[a] == 0 {
				v.fault("%s: %s ended, but never started", p.name, m.id)
			}
			if p.alone && passed[a] {
				v.fault("%s: %s ended after a later run had started", p.name, m.id)
			}
			continue
		}
		v.starts++
		if begun[a]++; begun[a] == 2 {
			v.doubled++
			v.fault("%s: attempt %d of %s started twice", p.name, m.attempt, m.id)
		}
		if starts[m.id]++; p.once && starts[m.id] == 2 {
			v.doubled++
			v.fault("%s: %s started twice, in spite of on_lost fail", p.name, m.id)
		}
		if m.token <= tokens[m.id] {
			v.fault("%s: %s started with token %d after %d", p.name, m.id, m.token, tokens[m.id])
		}
		tokens[m.id] = m.token
		if m.at.Before(m.slot) {
			v.fault("%s: %s started early, at %s", p.name, stamp(m.slot), m.at)
		}
		for other := range open {
			passed[other] = true
		}
		open[a] = true
	}
	v.compare(p, rows, starts, done)
}

// compare holds the ends that were recorded against those that were witnessed.
func (v *verdict) compare(p *promise, rows []row, starts map[job.ID]int, done map[attempt]int) {
	ends := map[job.ID]int{}
	for a, n := range done {
		if !p.flaky || a.n > 1 {
			ends[a.id] += n
		}
	}
	for _, r := range rows {
		switch {
		case r.status == success && (starts[r.id] == 0 || ends[r.id] == 0):
			v.lost++
			v.fault("%s: %s is recorded as a success, but had %d starts and %d ends", p.name, stamp(r.slot), starts[r.id], ends[r.id])
		case r.status == skipped && starts[r.id] > 0:
			v.fault("%s: %s is recorded as skipped, but started", p.name, stamp(r.slot))
		case r.status == failed && r.class != "worker_lost" && starts[r.id] == 0:
			v.fault("%s: %s is recorded as failed (%s), but never started", p.name, stamp(r.slot), r.class)
		}
	}
}
