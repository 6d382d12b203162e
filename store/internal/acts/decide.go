package acts

import (
	"encoding/json"
	"fmt"

	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// decide carries out what waited, then what the events make happen, in their order.
func (r *run) decide() error {
	for _, it := range r.items {
		if err := r.carryOut(it); err != nil {
			return err
		}
	}
	d := r.p.Decide(r.events)
	depths, err := r.depths(&d)
	if err != nil {
		return err
	}
	if err := r.known(d.Acts); err != nil {
		return err
	}
	had, err := r.correlated(d.Cancels)
	if err != nil {
		return err
	}
	acts := d.Acts
	step := func(upto int) error {
		for ; len(acts) > 0 && acts[0].Event <= upto; acts = acts[1:] {
			e := &r.events[acts[0].Event]
			it := &item{act: acts[0], event: e, depth: depths[acts[0].Event] + 1}
			r.items = append(r.items, it)
			if err := r.take(it); err != nil {
				return err
			}
		}
		return nil
	}
	for i := range d.Cancels {
		c := &d.Cancels[i]
		if err := step(c.Event - 1); err != nil {
			return err
		}
		if err := r.cancel(c, had); err != nil {
			return err
		}
	}
	return step(len(r.events))
}

// depths returns how deep the events are that something is done about.
func (r *run) depths(d *event.Decision) (map[int]int, error) {
	depths := map[int]int{}
	for i := range d.Acts {
		at := d.Acts[i].Event
		if _, asked := depths[at]; asked {
			continue
		}
		e := &r.events[at]
		depths[at] = e.Depth
		note := func(row *stored.Row) error {
			depths[at] = max(depths[at], int(row.Int()))
			return nil
		}
		if !e.ExecutionID.IsZero() {
			k, _ := stored.KeyOf(e.ExecutionID)
			if err := r.tx.Ask(`SELECT coalesce(max(depth), 0) FROM event_acts WHERE k = $1 AND k IS NOT NULL`, []any{k}, note); err != nil {
				return nil, err
			}
			if e.JobID.IsZero() {
				if err := r.tx.Ask(`SELECT coalesce(max(a.depth), 0) FROM event_acts a JOIN executions e ON e.job = a.job WHERE e.k = $1 AND a.job IS NOT NULL`, []any{k}, note); err != nil {
					return nil, err
				}
			}
		}
		if !e.JobID.IsZero() {
			if err := r.tx.Ask(`SELECT coalesce(max(a.depth), 0) FROM event_acts a JOIN jobs j ON j.seq = a.job WHERE j.id = $1 AND a.job IS NOT NULL`, []any{e.JobID[:]}, note); err != nil {
				return nil, err
			}
		}
	}
	return depths, r.tx.Flush()
}

// known finds the dedupe keys that are taken: for their time, or as long as the job that
// was made is not over.
func (r *run) known(acts []event.Act) error {
	asked := map[dedupe]bool{}
	for i := range acts {
		at := dedupe{acts[i].Source, acts[i].Dedupe}
		if at.key == "" || asked[at] {
			continue
		}
		asked[at] = true
		if err := r.tx.Ask(`SELECT y.until, y.job FROM event_keys y WHERE y.rule = $1 AND y.key = $2 AND (y.until > $3 OR EXISTS (
			SELECT 1 FROM jobs j JOIN cursors c ON c.job = j.seq WHERE j.seq = y.job AND j.deleted_at IS NULL AND `+r.d.Status+` NOT IN (3, 4, 5)))`,
			[]any{at.rule, at.key, r.p.Now.UnixMicro()}, func(row *stored.Row) error {
				r.keys[at] = true
				if until, seq := row.Int(), row.Int(); until <= r.p.Now.UnixMicro() {
					r.held[seq] = append(r.held[seq], at)
				}
				return nil
			}); err != nil {
			return err
		}
	}
	return r.tx.Flush()
}

// take decides about one act: it is refused, put off, or carried out.
func (r *run) take(it *item) error {
	key := dedupe{it.act.Source, it.act.Dedupe}
	switch {
	case it.act.Err != "":
		it.fail(it.act.Err)
	case it.depth > event.MaxDepth:
		it.fail(fmt.Sprintf("event loop: %d acts led to this event; at most %d may", it.depth-1, event.MaxDepth))
	case key.key != "" && r.keys[key]:
		it.state, it.detail = store.ActDeduplicated, "its dedupe key was there: "+key.key
	default:
		if key.key != "" {
			r.keys[key] = true
		}
		if !it.act.Due.IsZero() {
			return r.putOff(it)
		}
		return r.carryOut(it)
	}
	return nil
}

// putOff notes an act that waits. One that is debounced takes the place of another of its
// group.
func (r *run) putOff(it *item) error {
	it.state, it.due = store.ActWaiting, it.act.Due
	if !it.act.Debounce {
		return nil
	}
	at := dedupe{it.act.Source, it.act.Group}
	if other := r.groups[at]; other != nil { // not written yet
		other.state, other.detail = store.ActDeduplicated, replaced
	}
	r.groups[at] = it
	return r.tx.Queue(`UPDATE event_acts SET state = $1, detail = $2, due_at = NULL, grp = '', act = NULL WHERE rule = $3 AND grp = $4 AND due_at IS NOT NULL AND grp <> ''`,
		stored.Code(stored.ActStates, store.ActDeduplicated), replaced, it.act.Source, "="+it.act.Group)
}

const replaced = "a later event took its place"

// carryOut prepares an act, and has it done with others of its kind.
func (r *run) carryOut(it *item) error {
	if it.act.Err != "" {
		it.fail(it.act.Err)
		return nil
	}
	deed, err := r.p.Prepare(&it.act)
	if err != nil {
		it.fail(err.Error())
		return nil
	}
	it.deed = deed
	switch {
	case deed.Create != nil:
		r.create = append(r.create, it)
		for _, c := range it.correlations() {
			r.wanted[c] = true
		}
	case deed.Run != nil:
		t := deed.Run
		t.Kind, t.Now, t.NewID, t.TraceID, t.ParentSpanID = job.TriggerEvent, r.p.Now, r.p.NewID, it.event.TraceID, it.event.SpanID
		if it.act.Skip {
			t.Skip = job.SkipCondition
		}
		r.runs = append(r.runs, it)
	default:
		if err := r.flush(); err != nil {
			return err
		}
		return r.cancelJobs(it, deed.Cancel)
	}
	return nil
}

func (it *item) fail(why string) {
	const most = 1000
	if len(why) > most {
		why = why[:most]
	}
	it.state, it.detail = store.ActFailed, why
}

// encode is the stored form of an act that waits.
func (it *item) encode() ([]byte, error) {
	e := *it.event
	e.Data = nil
	return json.Marshal(waiting{Act: it.act, Event: e})
}
