package api

import (
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// AlertCondition is what an alert rule compares.
type AlertCondition struct {
	Metric   string  `json:"metric"`   // such as scheduler.failure_rate
	Operator string  `json:"operator"` // gt, gte, lt, lte, eq, ne
	Value    float64 `json:"value"`
	// DurationMS is the time that figures of a window are counted over, and for how long
	// others must be beyond the value; 0 for metrics of single jobs.
	DurationMS int64 `json:"duration_ms"`
}

// AlertRule says when people must be told.
type AlertRule struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	Description string         `json:"description"`
	Enabled     bool           `json:"enabled"`
	Severity    string         `json:"severity"` // info, warning, critical
	Condition   AlertCondition `json:"condition"`
	Says        string         `json:"says"`     // the condition in few words: "> 10 % for 5m"
	Channels    []string       `json:"channels"` // dashboard, and names or types of channels of the configuration
	Reaches     []string       `json:"reaches"`  // channels that this node would tell
	PlatformID  *string        `json:"platform_id"`

	Revision  int64     `json:"revision"`
	CreatedBy string    `json:"created_by"`
	UpdatedBy string    `json:"updated_by,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// AlertRuleInput creates and changes alert rules. A nil field was not given.
type AlertRuleInput struct {
	Name        *string              `json:"name,omitempty"`
	Description *string              `json:"description,omitempty"`
	Enabled     *bool                `json:"enabled,omitempty"`
	Severity    *string              `json:"severity,omitempty"` // default: warning
	Condition   *AlertConditionInput `json:"condition,omitempty"`
	Channels    *[]string            `json:"channels,omitempty"` // default: dashboard alone
	PlatformID  *string              `json:"platform_id,omitempty"`
}

// AlertConditionInput is a condition, or the parts of it that change.
type AlertConditionInput struct {
	Metric     *string  `json:"metric,omitempty"`
	Operator   *string  `json:"operator,omitempty"` // default: gt
	Value      *float64 `json:"value,omitempty"`
	DurationMS *int64   `json:"duration_ms,omitempty"`
}

// AlertTested is what a rule would find now. Nothing was done, and nobody was told.
type AlertTested struct {
	Value    *float64       `json:"value"` // of a window or a gauge; null = it looks at single jobs
	Says     string         `json:"says"`
	Beyond   bool           `json:"beyond"`   // it fires, a gauge once it was so for the rule's duration
	Found    []AlertFinding `json:"found"`    // at most 100
	Channels []string       `json:"channels"` // that would be told
}

// AlertFinding is one breach of a rule.
type AlertFinding struct {
	JobID      *job.ID `json:"job_id,omitempty"`
	JobName    string  `json:"job_name,omitempty"`
	PlatformID *string `json:"platform_id"`
	Value      float64 `json:"value"`
	Summary    string  `json:"summary"`
}

// Alert is one breach of a rule, by one job or by a platform.
type Alert struct {
	ID         string      `json:"id"` // such as a17
	State      string      `json:"state"`
	Severity   string      `json:"severity"`
	Rule       string      `json:"rule"` // its name when it fired
	RuleID     string      `json:"rule_id"`
	Metric     string      `json:"metric"`
	Says       string      `json:"says"` // the condition in few words
	Value      float64     `json:"value"`
	Summary    string      `json:"summary"`
	JobID      *job.ID     `json:"job_id,omitempty"`
	JobName    string      `json:"job_name,omitempty"`
	PlatformID *string     `json:"platform_id"` // "*" = it is about all of them
	Told       []string    `json:"told"`        // channels that were, or are being, told of it
	FiredAt    time.Time   `json:"fired_at"`
	SeenAt     time.Time   `json:"seen_at"`     // of the value
	Until      *time.Time  `json:"until"`       // when an acknowledgement or a silence ends; null = when it is resolved
	ResolvedAt *time.Time  `json:"resolved_at"` // null = it is open
	By         string      `json:"by"`          // who brought it into its state
	Reason     string      `json:"reason,omitempty"`
	Turns      []AlertTurn `json:"turns,omitempty"` // its history, when one alert is asked for
}

// AlertTurn is one change of an alert's state.
type AlertTurn struct {
	At     time.Time  `json:"at"`
	State  string     `json:"state"`
	By     string     `json:"by"`
	Until  *time.Time `json:"until,omitempty"`
	Reason string     `json:"reason,omitempty"`
}

// AlertReason is the optional body of what turns an alert for good.
type AlertReason struct {
	Reason string `json:"reason,omitempty"`
}

// AlertChannel is a way to tell people that this node has.
type AlertChannel struct {
	Name      string   `json:"name"`
	Type      string   `json:"type"`      // dashboard, email, slack, webhook
	Platforms []string `json:"platforms"` // whose alerts it tells; empty = all
}
