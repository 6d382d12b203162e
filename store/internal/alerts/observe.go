package alerts

import (
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// observing is one Observe.
type observing struct {
	tx     Tx
	p      *store.Observe
	open   map[job.ID]map[string]*alert.Alert // by rule and key
	events stored.Events
	out    store.Observed
}

// Observe writes what a look found.
func Observe(tx Tx, p *store.Observe) (store.Observed, error) {
	o := &observing{tx: tx, p: p, open: map[job.ID]map[string]*alert.Alert{}}
	if err := tx.Lock(); err != nil {
		return o.out, err
	}
	rules, err := o.load()
	if err != nil {
		return o.out, err
	}
	for i := range p.Rounds {
		r := &p.Rounds[i]
		now, there := rules[r.Rule.ID]
		switch {
		case !there || !now.Enabled: // its alerts end below
			continue
		case now.Revision == r.Rule.Revision:
			if err := o.round(r, now.Pending); err != nil {
				return o.out, err
			}
		}
		delete(o.open, r.Rule.ID)
	}
	for id, left := range o.open {
		if rule, there := rules[id]; there && rule.Enabled {
			continue // enabled since the look
		}
		if err := o.end(left); err != nil {
			return o.out, err
		}
	}
	if err := o.recovered(); err != nil {
		return o.out, err
	}
	return o.out, tx.Emit(&o.events, p.Now)
}

// load reads the rules that there are, and the alerts that are open.
func (o *observing) load() (map[job.ID]*alert.Rule, error) {
	list, err := readRules(o.tx.Query, sqlRules+`1 = 1`, nil)
	if err != nil {
		return nil, err
	}
	rules := make(map[job.ID]*alert.Rule, len(list))
	for i := range list {
		rules[list[i].ID] = &list[i]
	}
	open, err := read(o.tx.Query, sqlAlerts+`resolved_at IS NULL ORDER BY seq`, nil)
	for _, a := range open {
		if o.open[a.RuleID] == nil {
			o.open[a.RuleID] = map[string]*alert.Alert{}
		}
		o.open[a.RuleID][a.Key] = a
	}
	return rules, err
}

// round compares what was found about a rule with what is open.
func (o *observing) round(r *alert.Round, pending time.Time) error {
	ripe, since := r.Ripe(pending, o.p.Now)
	if !since.Equal(pending) {
		if _, err := o.tx.Exec(`UPDATE alert_rules SET pending = $1 WHERE seq = $2`, stored.Micros(since), r.Rule.Seq); err != nil {
			return err
		}
	}
	open := o.open[r.Rule.ID]
	var firing, resolved []*alert.Alert
	for i := range r.Found {
		f := &r.Found[i]
		key := alert.KeyOf(&r.Rule, f)
		known := open[key]
		delete(open, key)
		var fires *alert.Alert
		var err error
		switch {
		case known != nil:
			fires, err = o.again(known, f)
		case ripe:
			fires, err = o.fire(&r.Rule, f)
		}
		if err != nil {
			return err
		}
		if fires != nil {
			firing = append(firing, fires)
		}
	}
	if !r.Partial {
		for _, a := range sorted(open) {
			tell := a.Resolve(o.p.Now, alert.By, "it is right again")
			if err := o.save(a); err != nil {
				return err
			}
			o.out.Resolved++
			if tell {
				resolved = append(resolved, a)
			}
		}
	}
	return o.tell(r, firing, resolved)
}

// sorted are alerts by number: what is written goes in one order.
func sorted(open map[string]*alert.Alert) []*alert.Alert {
	list := make([]*alert.Alert, 0, len(open))
	for _, a := range open {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b *alert.Alert) int { return int(a.Number - b.Number) })
	return list
}

// again looks at an alert that is open and whose cause is still there.
func (o *observing) again(a *alert.Alert, f *alert.Finding) (fires *alert.Alert, err error) {
	turned, seen := a.Again(f, o.p.Now)
	switch {
	case turned:
		o.out.Fired++
		return a, nil // tell saves it
	case seen:
		return nil, write(o.tx, a)
	}
	return nil, nil
}

// fire makes a new alert; nil when nobody is to be told of it.
func (o *observing) fire(r *alert.Rule, f *alert.Finding) (*alert.Alert, error) {
	before, err := read(o.tx.Query, sqlAlerts+`key = $1 ORDER BY seq DESC LIMIT 1`, []any{alert.KeyOf(r, f)})
	if err != nil {
		return nil, err
	}
	before = append(before, nil)
	a := alert.New(r, f, before[0], o.p.Now)
	if err := insert(o.tx, &a); err != nil {
		return nil, err
	}
	if a.JobID != nil && r.Metric == alert.Missed {
		if _, err := o.tx.Exec(`UPDATE misses SET raised = 1 WHERE job IN (SELECT seq FROM jobs WHERE id = $1)`, a.JobID[:]); err != nil {
			return nil, err
		}
	}
	o.out.Fired++
	if a.State == alert.Silenced {
		return nil, emit(o.tx, &o.events, &a)
	}
	return &a, nil
}

// tell writes what channels are told of a round, and the alerts that fire with it.
func (o *observing) tell(r *alert.Round, firing, resolved []*alert.Alert) error {
	for _, a := range firing {
		for _, channel := range r.Send {
			if !slices.Contains(a.Told, channel) {
				a.Told = append(a.Told, channel)
			}
		}
		if err := o.save(a); err != nil {
			return err
		}
	}
	if len(firing) > 0 {
		n, err := tell(o.tx, o.p.NewID, r.Rule.Platform, alert.Firing, firing, r.Send, o.p.Now)
		if o.out.Notices += n; err != nil {
			return err
		}
	}
	for len(resolved) > 0 { // those who were told of it, together
		told := resolved[0].Told
		same := func(a *alert.Alert) bool { return slices.Equal(a.Told, told) }
		var together []*alert.Alert
		for _, a := range resolved {
			if same(a) {
				together = append(together, a)
			}
		}
		n, err := tell(o.tx, o.p.NewID, r.Rule.Platform, alert.Resolved, together, told, o.p.Now)
		if o.out.Notices += n; err != nil {
			return err
		}
		resolved = slices.DeleteFunc(resolved, same)
	}
	return nil
}

// save writes an alert that turned.
func (o *observing) save(a *alert.Alert) error {
	if err := write(o.tx, a); err != nil {
		return err
	}
	return emit(o.tx, &o.events, a)
}

// end resolves alerts whose rule is gone. Nobody is told: whoever took the rule away
// knows.
func (o *observing) end(open map[string]*alert.Alert) error {
	for _, a := range sorted(open) {
		a.Resolve(o.p.Now, alert.By, "its rule was deleted or disabled")
		if err := o.save(a); err != nil {
			return err
		}
		o.out.Resolved++
	}
	return nil
}

// recovered forgets due times that are made up for, unless more went by since.
func (o *observing) recovered() error {
	for _, r := range o.p.Recovered {
		if _, err := o.tx.Exec(`DELETE FROM misses WHERE job IN (SELECT seq FROM jobs WHERE id = $1) AND at <= $2`, r.Job[:], r.At.UnixMicro()); err != nil {
			return err
		}
	}
	return nil
}
