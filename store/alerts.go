package store

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/job"
)

// Alerts keeps alert rules, alerts, and what is told of them. What changes alerts goes on
// one after the other in one store, whatever the number of nodes.
type Alerts interface {
	// SeedAlertRules stores the rules that a store begins with: those whose Seed it never
	// had, unless another rule has the name.
	SeedAlertRules(ctx context.Context, rules []alert.Rule) error
	// CreateAlertRule stores a rule. conflict when its platform has one of that name.
	CreateAlertRule(ctx context.Context, r alert.Rule) (alert.Rule, error)
	// ChangeAlertRule reads a rule, lets p.Change decide, and writes what it decided.
	// version_mismatch when IfRevision is set and is not the rule's.
	ChangeAlertRule(ctx context.Context, p ChangeAlertRule) (alert.Rule, error)
	// DeleteAlertRule forgets a rule; its alerts are resolved by the next Observe.
	DeleteAlertRule(ctx context.Context, p DeleteAlertRule) (alert.Rule, error)
	// AlertRule returns the rule with the id, or the name, ref. conflict when several
	// platforms in scope have a rule of that name.
	AlertRule(ctx context.Context, platform, ref string) (alert.Rule, error)
	// ListAlertRules returns the rules of a platform by name.
	ListAlertRules(ctx context.Context, platform string) ([]alert.Rule, error)

	// AlertFacts returns the jobs that may not be as they should be: those that say what is
	// expected of their runs, those whose due times went by with nobody there, and those
	// whose run has been due since before q.DueBefore and has not begun. partial is true
	// when there are more than q.Limit of a kind.
	AlertFacts(ctx context.Context, q AlertFacts) (facts []alert.Facts, partial bool, err error)
	// Observe writes what a look at all rules found: alerts fire, fire again when their
	// silence is over, and are resolved when their cause is gone, or their rule. Rounds of
	// rules that were changed since are left out. What channels are to be told is written
	// in the same transaction.
	Observe(ctx context.Context, o Observe) (Observed, error)

	// Alert returns the alert of that number; not_found when there is none in scope.
	Alert(ctx context.Context, platform string, number int64) (alert.Alert, error)
	// ListAlerts returns alerts, the newest first.
	ListAlerts(ctx context.Context, f AlertFilter) (Page[alert.Alert], error)
	// ChangeAlert reads an alert, lets p.Change turn it, and writes it.
	ChangeAlert(ctx context.Context, p ChangeAlert) (alert.Alert, error)
	// AlertCounts counts open alerts by severity and state.
	AlertCounts(ctx context.Context, platform string) ([]AlertCount, error)

	// TakeNotices gives what is to be told to the caller for the lease, the oldest first:
	// nobody else is given it until then.
	TakeNotices(ctx context.Context, p TakeNotices) ([]TakenNotice, error)
	// EndNotice notes what became of one that was taken; false when it was taken again
	// since, and then nothing is noted.
	EndNotice(ctx context.Context, p EndNotice) (noted bool, err error)
	// Notices returns what channels were, or are to be, told; the newest first.
	Notices(ctx context.Context, limit int) ([]TakenNotice, error)
	// ForgetAlerts removes one batch of alerts and notices that were over for so long.
	ForgetAlerts(ctx context.Context, now time.Time, keep time.Duration, limit int) (more bool, err error)
}

// ChangeAlertRule are the parameters of Alerts.ChangeAlertRule.
type ChangeAlertRule struct {
	Platform   string
	Ref        string
	IfRevision int64 // 0 = any
	By         string
	Now        time.Time
	// Change edits the rule; the same rule changes nothing.
	Change func(r *alert.Rule) error
}

// DeleteAlertRule are the parameters of Alerts.DeleteAlertRule.
type DeleteAlertRule struct {
	Platform   string
	Ref        string
	IfRevision int64 // 0 = any
	By         string
	Now        time.Time
}

// AlertFacts are the parameters of Alerts.AlertFacts.
type AlertFacts struct {
	DueBefore time.Time // zero = what is due is not looked at
	Limit     int       // jobs of one kind
}

// Observe are the parameters of Alerts.Observe.
type Observe struct {
	Now    time.Time
	NewID  func() job.ID
	Rounds []alert.Round // of all rules that are enabled
	// Recovered are jobs that had a right run since their due times went by, with when that
	// was found out.
	Recovered []Recovered
}

// Recovered is a job whose missed due times are made up for.
type Recovered struct {
	Job job.ID
	At  time.Time // of the miss
}

// Observed is what Observe did.
type Observed struct {
	Fired, Resolved int
	Notices         int // that are to be told
}

// AlertFilter selects alerts.
type AlertFilter struct {
	Platform   string // required; AnyPlatform for all
	States     []alert.State
	Severities []alert.Severity
	Since      time.Time // fired at, inclusive
	Limit      int       // 0 = DefaultLimit; at most MaxLimit
	Cursor     string
}

// ChangeAlert are the parameters of Alerts.ChangeAlert.
type ChangeAlert struct {
	Platform string
	Number   int64
	Now      time.Time
	NewID    func() job.ID
	Change   func(a *alert.Alert) error
}

// AlertCount is how many alerts are open.
type AlertCount struct {
	Severity alert.Severity
	State    alert.State
	Count    int64
}

// TakeNotices are the parameters of Alerts.TakeNotices.
type TakeNotices struct {
	Channels []string // that the caller can reach
	Now      time.Time
	Lease    time.Duration
	Limit    int
}

// The states of notices.
const (
	NoticePending = "pending"
	NoticeSent    = "sent"
	NoticeFailed  = "failed" // it is given up
)

// TakenNotice is something to be told to one channel.
type TakenNotice struct {
	alert.Notice

	Channel  string
	Attempts int // this one included
	Status   string
	Error    string     // of the last attempt
	EndedAt  *time.Time // nil = it is not over
}

// EndNotice are the parameters of Alerts.EndNotice.
type EndNotice struct {
	ID       job.ID
	Attempts int // as it was taken
	Now      time.Time
	Error    string    // "" = it was sent
	RetryAt  time.Time // zero = it is over
}
