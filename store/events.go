package store

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/job"
)

// Events keeps event rules, what comes in for them, and what they did.
type Events interface {
	// CreateRule stores a rule. conflict when its platform has one of that name, or its id
	// is taken.
	CreateRule(ctx context.Context, r event.Rule) (event.Rule, error)
	// ChangeRule reads a rule, lets p.Change decide, and writes what it decided; figures
	// stay. version_mismatch when IfRevision is set and is not the rule's.
	ChangeRule(ctx context.Context, p ChangeRule) (event.Rule, error)
	// DeleteRule forgets a rule with all that waits for it.
	DeleteRule(ctx context.Context, platform, ref string) (event.Rule, error)
	// Rule returns the rule with the id, or the name, ref. conflict when several platforms
	// in scope have a rule of that name.
	Rule(ctx context.Context, platform, ref string) (event.Rule, error)
	// ListRules returns the rules of a platform by name.
	ListRules(ctx context.Context, platform string) ([]event.Rule, error)
	// RuleActs returns the newest acts of a rule, the newest first.
	RuleActs(ctx context.Context, platform, ref string, limit int) ([]RuleAct, error)

	// AcceptEvents stores events: once it answers, each acts once for every listener,
	// whatever becomes of this process. known says which were accepted before, by their
	// platform and id; those change nothing.
	AcceptEvents(ctx context.Context, events []event.Event) (known []bool, err error)
	// ListEvents returns one page of the events that came in, the newest first.
	ListEvents(ctx context.Context, f EventFilter) (Page[CameIn], error)
	// Act decides about events that came in, and about those of the outbox if anything
	// listens to them, carries out what was decided and what waited until now: all in the
	// transaction that takes the events away. One call at a time does so for one store.
	Act(ctx context.Context, p Act) (Acted, error)
	// NextAct returns when the earliest act that waits is due; zero when none does.
	NextAct(ctx context.Context) (time.Time, error)
	// ForgetEvents removes one batch of the events and acts of all platforms that were over
	// for so long; more is true when there may be others.
	ForgetEvents(ctx context.Context, now time.Time, keep time.Duration, limit int) (more bool, err error)
}

// ChangeRule are the parameters of Events.ChangeRule.
type ChangeRule struct {
	Platform   string
	Ref        string
	IfRevision int64 // 0 = any
	By         string
	Now        time.Time
	// Change returns the rule as it becomes; the same rule changes nothing.
	Change func(r event.Rule) (event.Rule, error)
}

// EventFilter selects events that came in.
type EventFilter struct {
	Platform     string   // slug, or AnyPlatform
	Names        []string // any of; nil = all
	ID           string   // "" = all
	Since, Until time.Time
	Limit        int    // 0 = DefaultLimit, at most MaxLimit
	Cursor       string // Page.Next of the page before; "" = the first page
}

// MaxListedData is how many bytes the data of an event may have to be listed with it.
const MaxListedData = 16 << 10

// CameIn is an event that came in.
type CameIn struct {
	event.Event       // without its data when these are more than MaxListedData
	Bytes       int64 // of its data
	Waiting     bool  // nobody has decided about it yet
}

// ActState is what became of an act.
type ActState string

// The states of acts.
const (
	ActWaiting      ActState = "waiting"      // for its delay, or for quiet
	ActDone         ActState = "done"         //
	ActFailed       ActState = "failed"       // Detail says why
	ActDeduplicated ActState = "deduplicated" // its dedupe key was there
	ActCancelled    ActState = "cancelled"    // the event that cancels what it makes came before it
)

// ActStates lists them.
func ActStates() []ActState {
	return []ActState{ActWaiting, ActDone, ActFailed, ActDeduplicated, ActCancelled}
}

// RuleAct is what a rule did about one event.
type RuleAct struct {
	Event       string // id
	State       ActState
	At          time.Time
	DueAt       *time.Time // waiting
	JobID       job.ID     // that was made, run or cancelled; zero = none, or purged
	JobName     string
	ExecutionID job.ID // that was made; zero = none
	Detail      string
}

// Deed is what an act comes to: exactly one of its members is set.
type Deed struct {
	Create *CreateJob
	Run    *Trigger // Platform and Ref say which job; Now, NewID and the trace are filled in
	Cancel *CancelJobs
}

// CancelJobs cancels jobs of a platform that have not ended.
type CancelJobs struct {
	Platform string
	Job      string   // its id or exact name; "" = by tags
	Tags     []string // of which a job must have all
	Running  bool     // ask what runs to stop
}

// Act are the parameters of Events.Act.
type Act struct {
	Now    time.Time
	Limit  int // events, and acts that waited, at most
	NewID  func() job.ID
	Policy job.Policy
	// Version is that of the listeners that the caller has; 0 = it has none.
	Version int64
	// Listen takes the listeners before Decide is called, when Version is not theirs. It
	// returns whether any of them listens to events of the outbox.
	Listen func(version int64, listeners []event.Listener, shapes []event.CancelShape) (system bool)
	// Decide says what events make happen. It may be called again with the same events.
	Decide func(events []event.Event) event.Decision
	// Prepare says what an act comes to; its error is why it fails.
	Prepare func(a *event.Act) (Deed, error)
}

// Acted is what Act did.
type Acted struct {
	Busy      bool // another one is at it; nothing was done
	Events    int  // that were decided about
	Acts      int  // carried out, refused or put off
	Jobs      int  // created
	Runs      int  // executions made
	Cancelled int  // jobs
	Failed    int  // acts
	More      bool // there may be more to do at once
	// Stopped are running executions that were asked to stop.
	Stopped []job.ID
}
