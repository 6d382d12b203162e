package store

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// Store is the union of the roles. Components declare the narrow role they use.
type Store interface {
	Jobs
	Planner
	Executions
	Sessions
	Holds
	Tokens
	Audits
	Platforms
	Agents
	Workflows
	Logs
	Ledger
	Figures
	Upkeep
	Aftermaths
	Events
	Alerts

	// Ping answers whether the store can be used, soon: storage_full when it can be read,
	// and a write found no room a moment ago.
	Ping(ctx context.Context) error
	// Clock returns the store's clock, which all nodes that share the store go by. A
	// store within this process answers the process's.
	Clock(ctx context.Context) (time.Time, error)
	// Info describes the store to operators.
	Info(ctx context.Context) (Info, error)
	// Close waits for what was accepted and releases the store.
	Close() error
}

// Jobs keeps definitions.
type Jobs interface {
	// CreateJob stores a job, opens its first epoch and sets its cursor. A live job
	// of that name is a conflict whose hint names its id. With an idempotency key
	// seen before it answers what it answered then, and replayed is true; the same
	// key with another body is a conflict.
	CreateJob(ctx context.Context, c CreateJob) (created job.Job, replayed bool, err error)
	// ChangeJob reads a job under its lock, lets c.Change decide, and writes what it
	// decided. version_mismatch when IfRevision is set and is not the job's.
	ChangeJob(ctx context.Context, c ChangeJob) (job.Job, error)
	// ApplyJobs carries out steps in one transaction: all of them, or none when one fails
	// or the caller says no at the end. A step that finds a job changes it as ChangeJob
	// does, another one creates what it says as CreateJob does. One that changes nothing
	// writes nothing.
	ApplyJobs(ctx context.Context, p ApplyJobs) ([]AppliedJob, error)
	// Job returns the job with the id, or the live job with the name, ref.
	Job(ctx context.Context, platform, ref string) (job.Job, error)
	// ListJobs returns one page in a stable order.
	ListJobs(ctx context.Context, f JobFilter) (Page[job.Job], error)
	// Revisions returns what the job ref names is and was, the newest first: at most limit
	// of those numbered up to upto; 0 = all. The newest KeptRevisions former ones are kept.
	Revisions(ctx context.Context, platform, ref string, upto int64, limit int) ([]Revision, error)
	// PurgeJob removes a job with its history. conflict while an execution of it is
	// not over.
	PurgeJob(ctx context.Context, platform, ref string, now time.Time, by string) error
}

// Planner turns due slots into records.
type Planner interface {
	// PlanDue takes up to Limit jobs whose cursor is due, plans each, and writes
	// executions, skips and the advanced cursors in one transaction. It plans nothing
	// during maintenance. Nothing is born claimed for a session that Claim would refuse,
	// nor on a platform whose dispatch is held.
	PlanDue(ctx context.Context, p PlanDue) (Planned, error)
	// Warm loads the definitions of up to limit jobs that are due by the instant, so
	// that planning them is quick. It changes nothing.
	Warm(ctx context.Context, until time.Time, limit int) error
	// Trigger makes an execution outside the schedule (manual run, manual retry). The
	// job's overlap policy decides under its lock; a run it does not admit comes back
	// skipped.
	Trigger(ctx context.Context, t Trigger) (Triggered, error)
	// NextDue returns the earliest slot that is not accounted for; zero when there is
	// none. During maintenance it is zero too, until a PlanDue finds it over.
	NextDue(ctx context.Context) (time.Time, error)
	// NextReady returns the earliest instant after now at which a waiting execution
	// becomes ready: a retry, a moved start; zero when there is none.
	NextReady(ctx context.Context, now time.Time) (time.Time, error)
}

// Executions moves executions through their life and reads them.
type Executions interface {
	// Waiting returns executions that are ready and not claimed, by effective
	// priority and by platform in turn. What a hold keeps from starting is left out, and
	// so is what runs one of the handlers without.
	Waiting(ctx context.Context, now time.Time, limit int, without ...string) ([]Waiting, error)
	// Claim gives ready executions to a session. Those that are gone, taken, or not
	// taken by c.Take are left out, and so are those of platforms whose dispatch is
	// held. A session that is closed, or past its lease until its next heartbeat, or of
	// a node that drains, is given nothing; nor is anybody during maintenance. The same
	// goes for PlanDue.
	Claim(ctx context.Context, c Claim) (Claims, error)
	// Settle writes how attempts ended. A settlement whose session or token is not
	// the newest changes nothing; its index is in Settled.Fenced.
	Settle(ctx context.Context, now time.Time, batch []Settlement) (Settled, error)
	// Held returns what runs for the session, each as a settlement that does not say yet
	// how it ended: for a session that may not know of all its claims.
	Held(ctx context.Context, session int64) ([]Settlement, error)
	// CancelExecution cancels a waiting execution at once and asks a running one to
	// stop; asked to, it is not started again, however its attempt ends. conflict when
	// it is over otherwise than cancelled.
	CancelExecution(ctx context.Context, c CancelExecution) (job.Execution, error)
	// DropDead takes an execution out of the dead letters; its history stays. conflict
	// when it is not there.
	DropDead(ctx context.Context, d DropDead) (job.Execution, error)
	// Execution returns the execution ref: an id, JOB/N, JOB/last or JOB/last-failed,
	// with its attempts.
	Execution(ctx context.Context, platform, ref string) (job.Execution, error)
	// ListExecutions returns one page, newest first unless Ascending.
	ListExecutions(ctx context.Context, f ExecutionFilter) (Page[job.Execution], error)
}

// Sessions keeps the leases of nodes. An execution belongs to a session; a session
// that does not heartbeat within its lease is dead.
type Sessions interface {
	// OpenSession registers a session that nobody used before.
	OpenSession(ctx context.Context, s Session) error
	// Heartbeat prolongs the lease, tells how busy the node is, and answers what
	// concerns it. conflict when the session was reaped.
	Heartbeat(ctx context.Context, b Beat) (Pulse, error)
	// CloseSession ends a session that holds nothing any more.
	CloseSession(ctx context.Context, session int64, now time.Time) error
	// Reap takes the executions of dead sessions away from them: started again, or
	// failed, as on_lost says; the third loss is poison. At most limit a call.
	Reap(ctx context.Context, now time.Time, limit int) (Reaped, error)
	// ListSessions returns live sessions, and dead ones of the last day.
	ListSessions(ctx context.Context, now time.Time) ([]Session, error)
	// DrainNode says that a node shall take no new work, or that it may again. Said
	// twice it changes nothing. not_found when no session of the last day is the node's.
	DrainNode(ctx context.Context, d DrainNode) error
	// HoldDuty gives a duty to the session for the lease, or prolongs it, unless another
	// live session holds it. A session that may not claim for its lease is over holds no
	// duty. Closing a session ends its duties; a dead one's end with their lease.
	HoldDuty(ctx context.Context, d Duty) (held bool, err error)
}

// Holds keeps what operators stopped on purpose.
type Holds interface {
	// SetHold stops what h says, from h.Since on. One of that kind and platform that
	// stands is replaced and keeps its Since.
	SetHold(ctx context.Context, h Hold) error
	// ReleaseHold ends the hold of that kind and platform; false when there was none.
	ReleaseHold(ctx context.Context, kind HoldKind, platform string, now time.Time) (released bool, err error)
	// Holds returns what stands, oldest first.
	Holds(ctx context.Context, now time.Time) ([]Hold, error)
	// PastHolds returns what stood at some time in [from, to), ended or not, oldest
	// first. Holds are forgotten with the oldest history.
	PastHolds(ctx context.Context, from, to time.Time) ([]Hold, error)
}

// Tokens keeps who may use the API over the network.
type Tokens interface {
	// CreateToken stores a token. conflict when its platform has one of that name that
	// is not revoked, or its id is taken.
	CreateToken(ctx context.Context, t Token) error
	// Token returns the token with the id; not_found when there is none. It is the one
	// read without a scope: what it returns says what the scope is.
	Token(ctx context.Context, id string) (Token, error)
	// ListTokens returns the tokens of a platform, revoked ones too, by name and the
	// newest first.
	ListTokens(ctx context.Context, platform string) ([]Token, error)
	// RevokeToken ends a token and returns it. One that is revoked already stays as it
	// is. conflict when several platforms in scope have a token of that name.
	RevokeToken(ctx context.Context, r RevokeToken) (Token, error)
	// RotateToken revokes a token and makes one with its name, platform and role.
	// conflict when it is revoked already, or as with RevokeToken.
	RotateToken(ctx context.Context, r RotateToken) (Token, error)
	// TouchTokens notes when tokens were last used, never backwards. Those that are gone
	// are left out.
	TouchTokens(ctx context.Context, used []UsedToken) error
}

// Logs keeps what attempts print.
type Logs interface {
	// AppendLogs stores lines. Seq is the caller's, rising within an execution.
	AppendLogs(ctx context.Context, entries []job.LogEntry) error
	// ListLogs returns lines of one execution in order of seq.
	ListLogs(ctx context.Context, f LogFilter) ([]job.LogEntry, error)
	// DropLogs forgets the lines of an execution up to the seq, and leaves a mark
	// there that says so.
	DropLogs(ctx context.Context, execution job.ID, upto int64) error
	// TrimLogs enforces the caps by job and by total size, oldest first, and returns
	// how many bytes went. The cap of an attempt is its writer's, with DropLogs.
	TrimLogs(ctx context.Context, caps LogCaps) (int64, error)
	// LogBytes adds up what is stored; its cost grows with the executions that have lines.
	LogBytes(ctx context.Context) (int64, error)
}

// Ledger reads what became of slots, for why and for audits.
type Ledger interface {
	// Book returns what an audit needs to recompute the slots of a job.
	Book(ctx context.Context, platform, ref string) (Book, error)
	// Entries calls fn for every record of a slot in (after, upto], by slot.
	Entries(ctx context.Context, platform, ref string, after, upto time.Time, fn func(Entry) error) error
}

// Aftermaths is what is to happen later to jobs by what they say themselves.
type Aftermaths interface {
	// PausesOver returns jobs whose pause ends by itself by now, the earliest first.
	PausesOver(ctx context.Context, now time.Time, limit int) ([]JobRef, error)
	// Aftermaths returns final failures of jobs that say what is to follow them, and of
	// which that is not done: oldest first. Each was written with its dead letter, in one
	// transaction.
	Aftermaths(ctx context.Context, limit int) ([]Aftermath, error)
	// MoveAftermath takes one from a state to a later one; false when it is not in it.
	MoveAftermath(ctx context.Context, m MoveAftermath) (moved bool, err error)
}

// Upkeep is what a store needs done now and then.
type Upkeep interface {
	// Fold adds packed counter deltas to the counters.
	Fold(ctx context.Context) error
	// CompleteJobs writes completed or failed on jobs whose schedule has ended and
	// whose executions are all over.
	CompleteJobs(ctx context.Context, now time.Time) (int, error)
	// Outbox returns events after the position, oldest first.
	Outbox(ctx context.Context, after int64, limit int) ([]OutboxRow, error)
	// OutboxEnd returns the newest position that Outbox can come to now; after when there
	// is nothing behind it.
	OutboxEnd(ctx context.Context, after int64) (position int64, err error)
	// TrimOutbox forgets events up to the position.
	TrimOutbox(ctx context.Context, upto int64) error
	// Retain removes one batch of a platform's history that is older than r allows; more
	// is true when there may be another. Counters and ledger stay true. Ended holds,
	// revoked tokens and the audit log go with AnyPlatform.
	Retain(ctx context.Context, platform string, r Retention, now time.Time, limit int) (removed Retained, more bool, err error)
	// CountOld counts what Retain would remove in all, and changes nothing. Its cost grows
	// with what is that old.
	CountOld(ctx context.Context, platform string, r Retention, now time.Time) (Retained, error)
}
