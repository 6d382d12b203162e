package postgres

import "github.com/agentic-sdlc/scheduler/job"

// taker asks the caller who may be started, once per run even when a transaction is
// tried again: what was taken for a try that did not come true serves the next one.
type taker struct {
	ask  func(def *job.Job) bool // nil = nobody
	used []*job.Job              // taken in this try
	free map[job.ID][]*job.Job   // taken in an earlier one
}

// again begins a try.
func (k *taker) again() {
	if len(k.used) > 0 && k.free == nil {
		k.free = map[job.ID][]*job.Job{}
	}
	for _, def := range k.used {
		k.free[def.ID] = append(k.free[def.ID], def)
	}
	k.used = k.used[:0]
}

func (k *taker) take(def *job.Job) bool {
	if had := k.free[def.ID]; len(had) > 0 {
		k.free[def.ID] = had[1:]
	} else if k.ask == nil || !k.ask(def) {
		return false
	}
	k.used = append(k.used, def)
	return true
}

// left returns what was taken for nothing.
func (k *taker) left() (untaken []*job.Job) {
	for _, defs := range k.free {
		untaken = append(untaken, defs...)
	}
	return untaken
}
