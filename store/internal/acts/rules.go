package acts

import (
	"bytes"
	"time"

	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// Rows runs a statement and calls fn for each row.
type Rows = func(query string, args []any, fn func(r *stored.Row) error) error

// findRule returns the rule with the id, else the one with the name, ref.
func findRule(rows Rows, platform, ref string) (event.Rule, error) {
	statement, args := `SELECT `+stored.RuleColumns+` FROM event_rules WHERE (platform = $1 OR $1 = '*') AND `, []any{platform, ref}
	if id, bad := job.ParseID(ref); bad == nil {
		statement, args[1] = statement+`id = $2`, id[:]
	} else {
		statement += `name = $2 ORDER BY platform = 'default' DESC, platform LIMIT 2`
	}
	var found []event.Rule
	err := rows(statement, args, func(r *stored.Row) error {
		rule, err := stored.ScanRule(r)
		found = append(found, rule)
		return err
	})
	switch {
	case err != nil:
		return event.Rule{}, err
	case len(found) == 0:
		return event.Rule{}, job.Errorf(job.NotFound, "event handler %q not found", ref)
	case len(found) > 1:
		return event.Rule{}, job.Errorf(job.Conflict, "event handlers of several platforms are named %q", ref).WithHint("name the platform, or use the id")
	}
	return found[0], nil
}

// listRules returns the rules of a platform by name.
func listRules(rows Rows, platform string) (list []event.Rule, err error) {
	err = rows(`SELECT `+stored.RuleColumns+` FROM event_rules WHERE platform = $1 OR $1 = '*' ORDER BY name, platform`, []any{platform}, func(r *stored.Row) error {
		rule, err := stored.ScanRule(r)
		list = append(list, rule)
		return err
	})
	return list, err
}

// createRule stores a rule.
func createRule(tx Tx, r *event.Rule) error {
	r.Seq = 0
	if err := free(tx, r); err != nil {
		return err
	}
	if err := Listens(tx, systemRule(r)); err != nil { // takes the lock, too: numbers are given one by one
		return err
	}
	n := int64(0)
	if err := tx.Query(`SELECT coalesce(max(seq), 0) + 1, (SELECT count(*) FROM event_rules WHERE platform = $1) FROM event_rules`, []any{r.Platform}, func(row *stored.Row) error {
		r.Seq, n = row.Int(), row.Int()
		return nil
	}); err != nil {
		return err
	}
	if n >= event.MaxRules {
		return job.Errorf(job.Conflict, "there are %d event handlers already", n).WithHint("delete those that nobody needs")
	}
	r.Revision = max(1, r.Revision)
	raw, err := stored.RuleJSON(r)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`INSERT INTO event_rules (seq, id, platform, name, rule, revision, created_by, updated_by, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, r.Seq, r.ID[:], r.Platform, r.Name, raw, r.Revision, r.CreatedBy, r.UpdatedBy, r.CreatedAt.UnixMicro(), r.UpdatedAt.UnixMicro()); err != nil {
		return err
	}
	*r, err = findRule(tx.Query, r.Platform, r.ID.String())
	return err
}

// free refuses a name or an id that another rule has.
func free(tx Tx, r *event.Rule) error {
	var holder job.ID
	taken := false
	err := tx.Query(`SELECT id FROM event_rules WHERE platform = $1 AND name = $2 AND seq <> $3 OR id = $4 AND seq <> $3`, []any{r.Platform, r.Name, r.Seq, r.ID[:]}, func(row *stored.Row) error {
		holder, taken = row.ID(), true
		return nil
	})
	if err == nil && taken {
		err = job.Errorf(job.Conflict, "there is an event handler %q already", r.Name).WithHint("its id is %s; change it, or choose another name", holder)
	}
	return err
}

// systemRule reports whether a rule may hear of events of the outbox.
func systemRule(r *event.Rule) bool {
	system := job.IsSystemEvent(r.Event)
	for _, s := range r.ShapesOf() {
		system = system || job.IsSystemEvent(s.Event)
	}
	return system
}

// changeRule changes a rule, and notes that on the trail if it did.
func changeRule(tx Tx, p *store.ChangeRule, trail *store.Trail) (event.Rule, error) {
	if err := Listens(tx, false); err != nil { // the lock comes first
		return event.Rule{}, err
	}
	before, err := findRule(tx.Query, p.Platform, p.Ref)
	if err != nil {
		return before, err
	}
	if p.IfRevision != 0 && p.IfRevision != before.Revision {
		return before, job.Errorf(job.VersionMismatch, "the event handler is at revision %d, not %d", before.Revision, p.IfRevision).
			WithHint("read it again, then repeat the change")
	}
	after, err := p.Change(before)
	if err != nil {
		return before, err
	}
	was, err := stored.RuleJSON(&before)
	if err != nil {
		return before, err
	}
	raw, err := stored.RuleJSON(&after)
	if err != nil || bytes.Equal(was, raw) && before.Name == after.Name {
		return before, err
	}
	after.Seq, after.ID, after.Platform = before.Seq, before.ID, before.Platform
	if err := free(tx, &after); err != nil {
		return before, err
	}
	if systemRule(&after) {
		if err := Listens(tx, true); err != nil {
			return before, err
		}
	}
	if _, err := tx.Exec(`UPDATE event_rules SET name = $1, rule = $2, revision = revision + 1, updated_by = $3, updated_at = $4 WHERE seq = $5`,
		after.Name, raw, p.By, p.Now.UnixMicro(), before.Seq); err != nil {
		return before, err
	}
	after, err = findRule(tx.Query, before.Platform, before.ID.String())
	trail.Note(stored.NoteRule(&before, &after))
	return after, err
}

// deleteRule forgets a rule with what belongs to it.
func deleteRule(tx Tx, platform, ref string) (event.Rule, error) {
	if err := Listens(tx, false); err != nil {
		return event.Rule{}, err
	}
	r, err := findRule(tx.Query, platform, ref)
	if err != nil {
		return r, err
	}
	for _, statement := range []string{`DELETE FROM event_acts WHERE rule = $1`, `DELETE FROM event_keys WHERE rule = $1`, `DELETE FROM event_rules WHERE seq = $1`} {
		if _, err := tx.Exec(statement, r.Seq); err != nil {
			return r, err
		}
	}
	return r, nil
}

// ruleActs returns the newest acts of a rule.
func ruleActs(rows Rows, platform, ref string, limit int) (list []store.RuleAct, err error) {
	r, err := findRule(rows, platform, ref)
	if err != nil {
		return nil, err
	}
	err = rows(`SELECT a.event, a.state, a.at, a.due_at, a.detail, a.k, e.lo, j.id, j.name FROM event_acts a LEFT JOIN executions e ON e.k = a.k
		LEFT JOIN jobs j ON j.seq = coalesce(a.job, e.job) WHERE a.rule = $1 ORDER BY a.at DESC, a.event DESC LIMIT $2`, []any{r.Seq, limit}, func(row *stored.Row) error {
		act := store.RuleAct{Event: row.Text(), State: stored.Value(stored.ActStates, row.Int()), At: row.Time(), DueAt: row.TimePtr(), Detail: row.Text()}
		k, lo := row.IntPtr(), row.IntPtr()
		if k != nil && lo != nil {
			act.ExecutionID = stored.IDOf(*k, *lo)
		}
		act.JobID, act.JobName = row.ID(), row.Text()
		list = append(list, act)
		return nil
	})
	return list, err
}

// Forget removes events and acts of a platform that were over for so long, and returns
// how many events there were.
func Forget(tx Tx, platform string, now time.Time, keep time.Duration, limit int) (events int64, more bool, err error) {
	before := now.Add(-keep).UnixMicro()
	events, err = tx.Exec(`DELETE FROM events WHERE k IN (SELECT e.k FROM events e WHERE e.at < $1 AND (e.platform = $3 OR $3 = '*')
		AND NOT EXISTS (SELECT 1 FROM event_inbox i WHERE i.k = e.k) ORDER BY e.k LIMIT $2)`, before, limit, platform)
	if err != nil {
		return 0, false, err
	}
	acts, err := tx.Exec(`DELETE FROM event_acts WHERE (rule, event) IN (SELECT rule, event FROM event_acts a WHERE a.at < $1 AND a.due_at IS NULL
		AND ($3 = '*' OR EXISTS (SELECT 1 FROM event_rules r WHERE r.seq = a.rule AND r.platform = $3) OR EXISTS (SELECT 1 FROM jobs j WHERE j.seq = -a.rule AND j.platform = $3))
		ORDER BY a.at LIMIT $2)`, before, limit, platform)
	if err != nil {
		return 0, false, err
	}
	more = events == int64(limit) || acts == int64(limit)
	if platform != store.AnyPlatform {
		return events, more, nil
	}
	if _, err := tx.Exec(`DELETE FROM event_keys WHERE until < $1 AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.seq = event_keys.job AND j.deleted_at IS NULL)`, now.UnixMicro()); err != nil {
		return 0, false, err
	}
	_, err = tx.Exec(`DELETE FROM cancel_keys WHERE job = 0 AND at < $1 AND NOT EXISTS (SELECT 1 FROM event_acts WHERE due_at IS NOT NULL)`, now.Add(-event.KeyLife).UnixMicro())
	return events, more, err
}

// Idle reports that Run would find nothing to do.
func Idle(rows Rows, p *store.Act) (bool, error) {
	idle := true
	err := rows(`SELECT 1 FROM event_state WHERE version <> $1 OR EXISTS (SELECT 1 FROM event_inbox) OR EXISTS (SELECT 1 FROM event_acts WHERE due_at <= $2 AND due_at IS NOT NULL)
		OR listening = 1 AND EXISTS (SELECT 1 FROM outbox o WHERE o.id > position)`, []any{p.Version, p.Now.UnixMicro()}, func(*stored.Row) error {
		idle = false
		return nil
	})
	return idle, err
}

// NextAct returns when the earliest act that waits is due.
func NextAct(rows Rows) (at time.Time, err error) {
	err = rows(`SELECT min(due_at) FROM event_acts WHERE due_at IS NOT NULL`, nil, func(r *stored.Row) error {
		at = r.Time()
		return nil
	})
	return at, err
}

// Imported makes what a store was filled with heard. Which events of the outbox were
// decided about cannot be told by the positions that they have now: all of them are.
func Imported(tx Tx, d *reads.Dialect) error {
	system := false
	if err := tx.Query(`SELECT `+stored.RuleColumns+` FROM event_rules`, nil, func(row *stored.Row) error {
		rule, err := stored.ScanRule(row)
		system = system || systemRule(&rule)
		return err
	}); err != nil {
		return err
	}
	if err := tx.Query(`SELECT `+d.JobColumns+` FROM jobs j JOIN cursors c ON c.job = j.seq WHERE j.type = $1 AND j.deleted_at IS NULL`,
		[]any{stored.Code(stored.JobTypes, job.TypeEvent)}, func(row *stored.Row) error {
			var j job.Job
			if _, err := stored.ScanJob(row, &j); err == nil {
				system = system || len(j.After) > 0 || job.IsSystemEvent(j.EventName)
			}
			return nil
		}); err != nil {
		return err
	}
	if err := tx.Query(`SELECT event FROM cancel_shapes`, nil, func(row *stored.Row) error {
		system = system || job.IsSystemEvent(row.Text())
		return nil
	}); err != nil {
		return err
	}
	listening := 0
	if system {
		listening = 1
	}
	return tx.Queue(`UPDATE event_state SET version = version + 1, listening = $1, position = 0`, listening)
}
