package stored

import (
	"encoding/json"
	"fmt"

	"github.com/agentic-sdlc/scheduler/event"
)

// Rule is what people say in an event rule, as it is stored.
type Rule struct {
	Event      string          `json:"event"`
	When       string          `json:"when,omitempty"`
	Enabled    bool            `json:"enabled"`
	Priority   int             `json:"priority"`
	Action     event.Action    `json:"action"`
	Config     json.RawMessage `json:"config"`
	DelayMS    int64           `json:"delay_ms,omitempty"`
	DebounceMS int64           `json:"debounce_ms,omitempty"`
	DedupeKey  string          `json:"dedupe_key,omitempty"`
	Commands   bool            `json:"commands,omitempty"`
}

// RuleJSON is the stored form of a rule.
func RuleJSON(r *event.Rule) ([]byte, error) {
	return json.Marshal(Rule{
		Event: r.Event, When: r.When, Enabled: r.Enabled, Priority: r.Priority, Action: r.Action, Config: r.Config,
		DelayMS: r.DelayMS, DebounceMS: r.DebounceMS, DedupeKey: r.DedupeKey, Commands: r.Commands,
	})
}

// RuleColumns are the columns of a rule, in the order of ScanRule.
const RuleColumns = `seq, id, platform, name, rule, revision, triggered, succeeded, failed, deduplicated, cancelled, last_triggered, last_error,
	last_error_at, created_by, updated_by, created_at, updated_at`

// ScanRule reads RuleColumns.
func ScanRule(r *Row) (event.Rule, error) {
	out := event.Rule{Seq: r.Int(), ID: r.ID(), Platform: r.Text(), Name: r.Text()}
	var said Rule
	if err := json.Unmarshal(r.Blob(), &said); err != nil {
		return out, fmt.Errorf("event rule %s cannot be read: %w", out.ID, err)
	}
	out.Event, out.When, out.Enabled, out.Priority, out.Action, out.Config = said.Event, said.When, said.Enabled, said.Priority, said.Action, said.Config
	out.DelayMS, out.DebounceMS, out.DedupeKey, out.Commands = said.DelayMS, said.DebounceMS, said.DedupeKey, said.Commands
	out.Revision, out.Triggered, out.Succeeded, out.Failed, out.Deduplicated, out.Cancelled = r.Int(), r.Int(), r.Int(), r.Int(), r.Int(), r.Int()
	out.LastTriggered, out.LastError, out.LastErrorAt = r.Time(), r.Text(), r.Time()
	out.CreatedBy, out.UpdatedBy, out.CreatedAt, out.UpdatedAt = r.Text(), r.Text(), r.Time(), r.Time()
	return out, nil
}

// EventData is the data of an event as it is stored: none is an empty object.
func EventData(data json.RawMessage) []byte {
	if len(data) == 0 {
		return []byte("{}")
	}
	return data
}
