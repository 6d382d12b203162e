package alerts

import (
	"bytes"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

const sqlRules = `SELECT ` + stored.AlertRuleColumns + ` FROM alert_rules WHERE deleted_at IS NULL AND `

// FindRule returns the rule with the id, else the one with the name, ref.
func FindRule(rows Rows, platform, ref string) (alert.Rule, error) {
	statement, args := sqlRules+`(platform = $1 OR $1 = '*') AND `, []any{platform, ref}
	if id, bad := job.ParseID(ref); bad == nil {
		statement, args[1] = statement+`id = $2`, id[:]
	} else {
		statement += `name = $2 ORDER BY platform = 'default' DESC, platform LIMIT 2`
	}
	found, err := readRules(rows, statement, args)
	switch {
	case err != nil:
		return alert.Rule{}, err
	case len(found) == 0:
		return alert.Rule{}, job.Errorf(job.NotFound, "alert rule %q not found", ref)
	case len(found) > 1:
		return alert.Rule{}, job.Errorf(job.Conflict, "alert rules of several platforms are named %q", ref).WithHint("name the platform, or use the id")
	}
	return found[0], nil
}

// ListRules returns the rules of a platform by name.
func ListRules(rows Rows, platform string) ([]alert.Rule, error) {
	return readRules(rows, sqlRules+`(platform = $1 OR $1 = '*') ORDER BY name, platform`, []any{platform})
}

func readRules(rows Rows, statement string, args []any) (list []alert.Rule, err error) {
	err = rows(statement, args, func(r *stored.Row) error {
		rule, err := stored.ScanAlertRule(r)
		list = append(list, rule)
		return err
	})
	return list, err
}

// Seed stores the rules that the store never had.
func Seed(tx Tx, rules []alert.Rule) error {
	had := map[string]bool{}
	look := func() error {
		return tx.Query(`SELECT seed, name FROM alert_rules WHERE seed <> '' OR platform = '*' AND deleted_at IS NULL`, nil, func(r *stored.Row) error {
			seed, name := r.Text(), r.Text()
			had["seed "+seed], had["name "+name] = true, true
			return nil
		})
	}
	if err := tx.Lock(); err != nil {
		return err
	}
	if err := look(); err != nil {
		return err
	}
	for i := range rules {
		r := &rules[i]
		if had["seed "+r.Seed] || had["name "+r.Name] {
			continue
		}
		if err := insertRule(tx, r); err != nil {
			return err
		}
	}
	return nil
}

// CreateRule stores a rule, and notes that on the trail.
func CreateRule(tx Tx, r *alert.Rule, trail *store.Trail) error {
	if err := tx.Lock(); err != nil {
		return err
	}
	if err := free(tx, r); err != nil {
		return err
	}
	n := int64(0)
	if err := tx.Query(`SELECT count(*) FROM alert_rules WHERE platform = $1 AND deleted_at IS NULL`, []any{r.Platform}, func(row *stored.Row) error {
		n = row.Int()
		return nil
	}); err != nil {
		return err
	}
	if n >= alert.MaxRules {
		return job.Errorf(job.Conflict, "there are %d alert rules already", n).WithHint("delete those that nobody needs")
	}
	if err := insertRule(tx, r); err != nil {
		return err
	}
	var err error
	*r, err = FindRule(tx.Query, r.Platform, r.ID.String())
	trail.Note(stored.NoteAlertRule(nil, r))
	return err
}

func insertRule(tx Tx, r *alert.Rule) error {
	raw, err := stored.AlertRuleJSON(r)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO alert_rules (seq, id, platform, name, rule, seed, revision, created_by, updated_by, created_at, updated_at)
		SELECT coalesce(max(seq), 0) + 1, $1, $2, $3, $4, $5, 1, $6, '', $7, $8 FROM alert_rules`,
		r.ID[:], r.Platform, r.Name, raw, r.Seed, r.CreatedBy, r.CreatedAt.UnixMicro(), r.UpdatedAt.UnixMicro())
	return err
}

// free refuses a name or an id that another rule has.
func free(tx Tx, r *alert.Rule) error {
	var holder job.ID
	err := tx.Query(`SELECT id FROM alert_rules WHERE seq <> $1 AND (platform = $2 AND name = $3 AND deleted_at IS NULL OR id = $4)`,
		[]any{r.Seq, r.Platform, r.Name, r.ID[:]}, func(row *stored.Row) error {
			holder = row.ID()
			return nil
		})
	if err == nil && !holder.IsZero() {
		err = job.Errorf(job.Conflict, "there is an alert rule %q already", r.Name).WithHint("its id is %s; change it, or choose another name", holder)
	}
	return err
}

// lockRule reads a rule that is to be changed.
func lockRule(tx Tx, platform, ref string, revision int64) (alert.Rule, error) {
	if err := tx.Lock(); err != nil {
		return alert.Rule{}, err
	}
	r, err := FindRule(tx.Query, platform, ref)
	if err == nil && revision != 0 && revision != r.Revision {
		err = job.Errorf(job.VersionMismatch, "the alert rule is at revision %d, not %d", r.Revision, revision).WithHint("read it again, then repeat the change")
	}
	return r, err
}

// ChangeRule changes a rule. What it waited for begins anew.
func ChangeRule(tx Tx, p *store.ChangeAlertRule, trail *store.Trail) (alert.Rule, error) {
	before, err := lockRule(tx, p.Platform, p.Ref, p.IfRevision)
	if err != nil {
		return before, err
	}
	was, err := stored.AlertRuleJSON(&before)
	if err != nil {
		return before, err
	}
	after := before
	if err := p.Change(&after); err != nil {
		return before, err
	}
	raw, err := stored.AlertRuleJSON(&after)
	if err != nil || bytes.Equal(was, raw) && before.Name == after.Name {
		return before, err
	}
	after.Seq, after.ID, after.Platform = before.Seq, before.ID, before.Platform
	if err := free(tx, &after); err != nil {
		return before, err
	}
	if _, err := tx.Exec(`UPDATE alert_rules SET name = $1, rule = $2, pending = NULL, revision = revision + 1, updated_by = $3, updated_at = $4 WHERE seq = $5`,
		after.Name, raw, p.By, p.Now.UnixMicro(), before.Seq); err != nil {
		return before, err
	}
	after, err = FindRule(tx.Query, before.Platform, before.ID.String())
	trail.Note(stored.NoteAlertRule(&before, &after))
	return after, err
}

// DeleteRule marks a rule as deleted.
func DeleteRule(tx Tx, p *store.DeleteAlertRule, trail *store.Trail) (alert.Rule, error) {
	r, err := lockRule(tx, p.Platform, p.Ref, p.IfRevision)
	if err != nil {
		return r, err
	}
	trail.Note(stored.NoteAlertRule(&r, nil))
	_, err = tx.Exec(`UPDATE alert_rules SET deleted_at = $1, updated_by = $2, updated_at = $1, pending = NULL WHERE seq = $3`, p.Now.UnixMicro(), p.By, r.Seq)
	return r, err
}
