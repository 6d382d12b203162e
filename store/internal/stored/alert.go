package stored

import (
	"encoding/json"
	"fmt"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/store"
)

// AlertRule is what people say in an alert rule, as it is stored.
type AlertRule struct {
	Description string         `json:"description,omitempty"`
	Metric      string         `json:"metric"`
	Operator    alert.Operator `json:"operator"`
	Value       float64        `json:"value"`
	DurationMS  int64          `json:"duration_ms"`
	Severity    alert.Severity `json:"severity"`
	Channels    []string       `json:"channels"`
	Enabled     bool           `json:"enabled"`
}

// AlertRuleJSON is the stored form of a rule.
func AlertRuleJSON(r *alert.Rule) ([]byte, error) {
	return json.Marshal(AlertRule{r.Description, r.Metric, r.Operator, r.Value, r.DurationMS, r.Severity, r.Channels, r.Enabled})
}

// AlertRuleColumns are the columns of a rule, in the order of ScanAlertRule.
const AlertRuleColumns = `seq, id, platform, name, rule, seed, pending, revision, created_by, updated_by, created_at, updated_at`

// ScanAlertRule reads AlertRuleColumns.
func ScanAlertRule(r *Row) (alert.Rule, error) {
	out := alert.Rule{Seq: r.Int(), ID: r.ID(), Platform: r.Text(), Name: r.Text()}
	var said AlertRule
	if err := json.Unmarshal(r.Blob(), &said); err != nil {
		return out, fmt.Errorf("alert rule %s cannot be read: %w", out.ID, err)
	}
	out.Description, out.Metric, out.Operator, out.Value, out.DurationMS = said.Description, said.Metric, said.Operator, said.Value, said.DurationMS
	out.Severity, out.Channels, out.Enabled = said.Severity, said.Channels, said.Enabled
	out.Seed, out.Pending, out.Revision = r.Text(), r.Time(), r.Int()
	out.CreatedBy, out.UpdatedBy, out.CreatedAt, out.UpdatedAt = r.Text(), r.Text(), r.Time(), r.Time()
	return out, nil
}

// AlertColumns are the columns of an alert, in the order of ScanAlert.
const AlertColumns = `seq, key, platform, state, severity, fired_at, until, resolved_at, data`

// ScanAlert reads AlertColumns.
func ScanAlert(r *Row) (a alert.Alert, err error) {
	number, key, platform, state, severity := r.Int(), r.Text(), r.Text(), r.Text(), r.Text()
	fired, until, resolved := r.Time(), r.Time(), r.Time()
	if err := json.Unmarshal(r.Blob(), &a); err != nil {
		return a, fmt.Errorf("alert %d cannot be read: %w", number, err)
	}
	a.Number, a.Key, a.Platform, a.State, a.Severity = number, key, platform, alert.State(state), alert.Severity(severity)
	a.FiredAt, a.Until, a.ResolvedAt = fired, until, resolved
	return a, nil
}

// NoteAlertRule is a change of an alert rule.
func NoteAlertRule(before, after *alert.Rule) store.Note {
	r := after
	if r == nil {
		r = before
	}
	return store.Note{Platform: anywhere(r.Platform), Kind: "alert_rule", ID: r.ID.String(), Name: r.Name, Before: notedAlertRule(before), After: notedAlertRule(after)}
}

func notedAlertRule(r *alert.Rule) any {
	if r == nil {
		return nil
	}
	return fields{
		"name": r.Name, "description": r.Description, "metric": r.Metric, "operator": r.Operator, "value": r.Value, "duration_ms": r.DurationMS,
		"severity": r.Severity, "channels": r.Channels, "enabled": r.Enabled, "revision": r.Revision,
	}
}

// NoteAlert is an alert that somebody turned. Those that schedd turns leave no note: they
// keep their history themselves.
func NoteAlert(before alert.State, a *alert.Alert) store.Note {
	after := fields{"state": a.State}
	if !a.Until.IsZero() {
		after["until"] = a.Until
	}
	return store.Note{Platform: anywhere(a.Platform), Kind: "alert", ID: a.ID(), Name: a.Rule, Before: fields{"state": before}, After: after}
}
