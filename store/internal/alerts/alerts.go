package alerts

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

const sqlAlerts = `SELECT ` + stored.AlertColumns + ` FROM alerts WHERE `

// read calls fn for each alert of a statement.
func read(rows Rows, statement string, args []any) (list []*alert.Alert, err error) {
	err = rows(statement, args, func(r *stored.Row) error {
		a, err := stored.ScanAlert(r)
		list = append(list, &a)
		return err
	})
	return list, err
}

// Find returns the alert of that number.
func Find(rows Rows, platform string, number int64) (alert.Alert, error) {
	list, err := read(rows, sqlAlerts+`seq = $1 AND (platform = $2 OR $2 = '*')`, []any{number, platform})
	if err == nil && len(list) == 0 {
		err = job.Errorf(job.NotFound, "alert %q not found", "a"+strconv.FormatInt(number, 10))
	}
	if err != nil {
		return alert.Alert{}, err
	}
	return *list[0], nil
}

// insert stores a new alert, whose number is told it.
func insert(tx Tx, a *alert.Alert) error {
	if err := tx.Query(`SELECT coalesce(max(seq), 0) + 1 FROM alerts`, nil, func(r *stored.Row) error {
		a.Number = r.Int()
		return nil
	}); err != nil {
		return err
	}
	data, err := json.Marshal(a)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO alerts (seq, key, platform, state, severity, fired_at, until, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		a.Number, a.Key, a.Platform, string(a.State), string(a.Severity), a.FiredAt.UnixMicro(), stored.Micros(a.Until), data)
	return err
}

// write stores an alert that was turned or seen.
func write(tx Tx, a *alert.Alert) error {
	data, err := json.Marshal(a)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE alerts SET state = $1, until = $2, resolved_at = $3, data = $4 WHERE seq = $5`,
		string(a.State), stored.Micros(a.Until), stored.Micros(a.ResolvedAt), data, a.Number)
	return err
}

// emit packs the event of an alert's turn.
func emit(tx Tx, events *stored.Events, a *alert.Alert) error {
	seq := int64(0)
	if a.JobID != nil {
		if err := tx.Query(`SELECT seq FROM jobs WHERE id = $1`, []any{a.JobID[:]}, func(r *stored.Row) error {
			seq = r.Int()
			return nil
		}); err != nil {
			return err
		}
	}
	turn := a.Turns[len(a.Turns)-1]
	about, err := json.Marshal(struct {
		ID        string         `json:"id"`
		State     alert.State    `json:"state"`
		Rule      string         `json:"rule"`
		Metric    string         `json:"metric"`
		Condition string         `json:"condition"`
		Severity  alert.Severity `json:"severity"`
		Value     float64        `json:"value"`
		Summary   string         `json:"summary"`
		FiredAt   time.Time      `json:"fired_at"`
		By        string         `json:"by"`
		Reason    string         `json:"reason,omitempty"`
	}{a.ID(), a.State, a.Rule, a.Metric, a.Cond, a.Severity, a.Value, a.Summary, a.FiredAt, turn.By, turn.Reason})
	if err != nil {
		return err
	}
	members := `"alert":` + string(about)
	if seq == 0 { // else the job says it
		platform := a.Platform
		if platform == alert.AnyPlatform {
			platform = job.DefaultPlatform
		}
		members = `"platform_id":` + strconv.Quote(platform) + `,` + members
	}
	events.Alert(seq, a.State.Event(), members)
	return nil
}

// Change turns an alert because somebody says so. Those who were told of it are told when
// it is resolved.
func Change(tx Tx, p *store.ChangeAlert, trail *store.Trail) (alert.Alert, error) {
	if err := tx.Lock(); err != nil {
		return alert.Alert{}, err
	}
	a, err := Find(tx.Query, p.Platform, p.Number)
	if err != nil {
		return a, err
	}
	before, was := a.State, len(a.Turns)
	last := a.Turns[was-1]
	if err := p.Change(&a); err != nil {
		return a, err
	}
	if len(a.Turns) == was && a.Turns[was-1] == last {
		return a, nil
	}
	if err := write(tx, &a); err != nil {
		return a, err
	}
	trail.Note(stored.NoteAlert(before, &a))
	if a.State == alert.Resolved && before != alert.Silenced && len(a.Told) > 0 {
		if _, err := tell(tx, p.NewID, a.Platform, alert.Resolved, []*alert.Alert{&a}, a.Told, p.Now); err != nil {
			return a, err
		}
	}
	var events stored.Events
	if err := emit(tx, &events, &a); err != nil {
		return a, err
	}
	return a, tx.Emit(&events, p.Now)
}

// Counts counts open alerts.
func Counts(rows Rows, platform string) (list []store.AlertCount, err error) {
	err = rows(`SELECT severity, state, count(*) FROM alerts WHERE resolved_at IS NULL AND (platform = $1 OR $1 = '*') GROUP BY severity, state ORDER BY severity, state`,
		[]any{platform}, func(r *stored.Row) error {
			list = append(list, store.AlertCount{Severity: alert.Severity(r.Text()), State: alert.State(r.Text()), Count: r.Int()})
			return nil
		})
	return list, err
}
