package job

import (
	"fmt"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/schedule"
)

// Reason is a chain of decisions, first cause first, made of recorded facts.
type Reason struct {
	Subject string // JOB or JOB/N
	Verdict string // one sentence: what happened and why
	Steps   []ReasonStep
	Change  string // what would have to be different, "" when nothing
}

// ReasonStep is one decision.
type ReasonStep struct {
	Check  string    // e.g. "schedule", "attempt 1"
	Result string    // one of the Step constants
	Detail string    // one sentence
	At     time.Time // zero = at no one instant
}

// Results of a step.
const (
	StepOK      = "ok"
	StepSkipped = "skipped"
	StepWaits   = "waits"
	StepFailed  = "failed"
	StepInfo    = "info"
)

func (r *Reason) step(check, result string, at time.Time, format string, args ...any) {
	r.Steps = append(r.Steps, ReasonStep{Check: check, Result: result, At: at, Detail: fmt.Sprintf(format, args...)})
}

// WhyExecution explains an execution: what made it, what held it up, how its attempts
// went. e has its attempts.
func WhyExecution(j *Job, e *Execution, now time.Time) Reason {
	r := Reason{Subject: fmt.Sprintf("%s/%d", e.JobName, e.RunNumber)}
	r.trigger(j, e)
	if e.Status == Skipped {
		r.skipped(j, e.SkipReason, e.SkipDetail, e.CreatedAt)
		r.Verdict = fmt.Sprintf("skipped: %s", skipText(e.SkipReason, e.SkipDetail))
		return r
	}
	r.queue(e, now)
	for i := range e.Attempts {
		r.attempt(&e.Attempts[i])
	}
	r.outcome(e, now)
	return r
}

// trigger says what made the execution.
func (r *Reason) trigger(j *Job, e *Execution) {
	by := e.TriggeredBy
	if by == "" {
		by = "someone"
	}
	switch e.Trigger {
	case TriggerSchedule:
		r.slot(j, e.ScheduledAt)
		late := e.CreatedAt.Sub(e.ScheduledAt)
		switch {
		case e.CatchUp:
			r.step("misfire", StepInfo, e.CreatedAt, "the slot was missed; %s later misfire %q picked it", brief(late), j.Misfire)
		case late >= time.Second && e.Status != Skipped:
			r.step("misfire", StepOK, e.CreatedAt, "planned %s after it was due: late, not missed", brief(late))
		}
		if e.Occurrence > 0 && j.MaxExecutions != nil {
			r.step("limit", StepOK, time.Time{}, "occurrence %d of %d", e.Occurrence, *j.MaxExecutions)
		}
	case TriggerRetry:
		of := "another execution"
		if e.RetryOf != nil {
			of = "execution " + e.RetryOf.String()
		}
		r.step("trigger", StepOK, e.ScheduledAt, "%s retried %s by hand", by, of)
	case TriggerManual:
		r.step("trigger", StepOK, e.ScheduledAt, "%s ran the job by hand", by)
	default:
		r.step("trigger", StepOK, e.ScheduledAt, "made by trigger %q", e.Trigger)
	}
}

// slot says how the schedule comes to name the instant.
func (r *Reason) slot(j *Job, at time.Time) {
	if j.Type == TypeOneTime {
		r.step("schedule", StepOK, at, "the one time of the job, %s", local(j, at))
		return
	}
	r.step("schedule", StepOK, at, "%q (%s) names %s", j.Schedule, j.Timezone, local(j, at))
	if sched, err := Compile(j); err == nil && sched != nil {
		r.dst(sched, j, at)
	}
}

// dst says which change of the clock plays a part around the instant.
func (r *Reason) dst(sched *schedule.Schedule, j *Job, at time.Time) {
	for _, effect := range sched.DSTEffects(at.Add(-24*time.Hour), at.Add(24*time.Hour)) {
		r.step("daylight saving", StepInfo, effect.At, "%s (dst_policy is %q)", effect, j.DSTPolicy)
	}
}

// skipped says why a slot did not run and what to change.
func (r *Reason) skipped(j *Job, reason SkipReason, detail string, at time.Time) {
	r.step(string(reason), StepSkipped, at, "%s", skipText(reason, detail))
	switch reason {
	case SkipMissed:
		r.Change = `misfire "fire_once" runs the latest missed slot, "fire_all" the newest 100`
	case SkipOverlap:
		r.Change = `overlap "queue_one", "queue_all" or "allow" would have kept it`
	case SkipConcurrency:
		r.Change = fmt.Sprintf("a concurrency above %d would have run it", j.Concurrency)
	case SkipLimit:
		r.Change = "a greater quota would have run it"
	}
}

// skipText is the reason as a clause.
func skipText(reason SkipReason, detail string) string {
	text := map[SkipReason]string{
		SkipMissed:      "nobody could plan it in time, and the misfire policy did not pick it",
		SkipOverlap:     "another run of the job was not over",
		SkipConcurrency: "as many runs as allowed were not over",
		SkipCondition:   "the condition was false",
		SkipCancelled:   "the job was stopped before it started",
		SkipLimit:       "a quota said no",
		RangePruned:     "it ran, and retention removed the record",
	}[reason]
	if text == "" {
		text = string(reason)
	}
	if detail != "" {
		text += " (" + detail + ")"
	}
	return text
}

// queue says what held the first start up.
func (r *Reason) queue(e *Execution, now time.Time) {
	switch {
	case e.Status == Pending && e.Attempt == 0 && e.ReadyAt == nil:
		r.step("overlap", StepWaits, now, "waits until another run of the job is over, or the job is resumed")
	case e.Status == Pending && e.Attempt == 0 && e.ReadyAt.After(now):
		r.step("queue", StepWaits, *e.ReadyAt, "starts at %s, not before", stamp(*e.ReadyAt))
	case e.Status == Pending && e.Attempt == 0:
		r.step("queue", StepWaits, *e.ReadyAt, "has been waiting %s for a free worker", brief(now.Sub(*e.ReadyAt)))
	case e.StartDelay != nil:
		r.step("queue", StepOK, e.ScheduledAt.Add(time.Duration(*e.StartDelay)*time.Millisecond), "first start %s after it was due", brief(time.Duration(*e.StartDelay)*time.Millisecond))
	}
}

func (r *Reason) attempt(a *Attempt) {
	result := map[string]string{
		string(Success): StepOK, string(Running): StepInfo, "handed_back": StepInfo, string(Cancelled): StepSkipped,
	}[a.Status]
	if result == "" {
		result = StepFailed
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s on %s", a.Status, orDash(a.WorkerID))
	if a.DurationMS != nil {
		fmt.Fprintf(&b, " after %s", brief(time.Duration(*a.DurationMS)*time.Millisecond))
	}
	if a.Error != "" {
		fmt.Fprintf(&b, ": %s", a.Error)
	}
	if a.NextRetryAt != nil {
		fmt.Fprintf(&b, "; retried at %s", stamp(*a.NextRetryAt))
	}
	r.step(fmt.Sprintf("attempt %d", a.Attempt), result, a.StartedAt, "%s", b.String())
}

// outcome gives the verdict.
func (r *Reason) outcome(e *Execution, now time.Time) {
	attempts := counted(e.Attempt, "attempt")
	fault := ""
	if e.Error != "" {
		fault = ": " + e.Error
	}
	switch e.Status {
	case Pending:
		r.Verdict = "waits for a worker"
		switch {
		case e.NextRetryAt != nil:
			r.Verdict = fmt.Sprintf("failed %s and is tried again at %s", counted(e.Attempt, "time"), stamp(*e.NextRetryAt))
			r.step("retry", StepWaits, *e.NextRetryAt, "%d of %d retries used", e.RetryCount, e.MaxRetries)
		case e.ReadyAt == nil:
			r.Verdict = "waits for its turn: another run of the job is not over, or the job is paused"
		case e.ReadyAt.After(now):
			r.Verdict = "waits until " + stamp(*e.ReadyAt)
		}
	case Running:
		r.Verdict = "is running on " + orDash(e.WorkerID)
		if e.CancelRequestedAt != nil {
			r.step("cancel", StepWaits, *e.CancelRequestedAt, "it was asked to stop")
		}
	case Success:
		r.Verdict = "succeeded after " + attempts
	case Cancelled:
		r.Verdict = "was cancelled"
	default:
		r.Verdict = string(e.Status) + " after " + attempts + fault
		r.dead(e)
		r.hook(e.OnFailure)
	}
}

// dead says why no further attempt follows.
func (r *Reason) dead(e *Execution) {
	switch e.DeadReason {
	case "":
	case "retries_exhausted":
		r.step("retry", StepFailed, deref(e.CompletedAt), "%d of %d retries used: moved to the dead letters", e.RetryCount, e.MaxRetries)
		r.Change = "once the cause is gone: schedctl execution retry " + r.Subject
	case "permanent":
		r.step("retry", StepFailed, deref(e.CompletedAt), "the handler said that trying again is pointless: moved to the dead letters")
		r.Change = "once the cause is gone: schedctl execution retry " + r.Subject
	case "poison":
		r.step("retry", StepFailed, deref(e.CompletedAt), "%d workers vanished over it: moved to the dead letters", e.LostCount)
	case "worker_lost":
		r.step("retry", StepFailed, deref(e.CompletedAt), `its worker vanished, and on_lost is "fail": not started again`)
		r.Change = `on_lost "retry" would have started it again`
	default:
		r.step("retry", StepFailed, deref(e.CompletedAt), "moved to the dead letters: %s", e.DeadReason)
	}
}

// hook says what followed a final failure.
func (r *Reason) hook(h *HookRun) {
	if h == nil {
		return
	}
	at, result, text := deref(h.StartedAt), StepInfo, "on_failure is to run"
	switch h.Status {
	case string(Pending):
	case string(Running):
		result, text = StepWaits, fmt.Sprintf("on_failure runs: handler %s", h.HandlerName)
	case string(Success):
		result, text = StepOK, fmt.Sprintf("on_failure ran: handler %s", h.HandlerName)
	case HookLost:
		result, text = StepFailed, fmt.Sprintf("the node that ran on_failure vanished, and it is not run again: handler %s", h.HandlerName)
	default:
		result, text = StepFailed, fmt.Sprintf("on_failure itself ended as %s, and is not tried again: handler %s: %s", h.Status, h.HandlerName, h.Error)
	}
	r.step("on_failure", result, at, "%s", text)
}

// WhyJob explains where a job stands. last is its newest execution, nil = none.
func WhyJob(j *Job, last *Execution, now time.Time) Reason {
	r := Reason{Subject: j.Name}
	if sched, err := Compile(j); err != nil {
		r.step("schedule", StepFailed, time.Time{}, "%v", err)
	} else if sched != nil {
		r.step("schedule", StepOK, time.Time{}, "%s", sched.Describe())
		if j.NextRun != nil {
			r.dst(sched, j, *j.NextRun)
		}
	}
	if last != nil {
		r.last(j, last)
	}
	r.standing(j, now)
	return r
}

// last says how the newest execution of a job stands, and where to look when it failed.
func (r *Reason) last(j *Job, e *Execution) {
	run := fmt.Sprintf("%s/%d", j.Name, e.RunNumber)
	fault := ""
	if e.Error != "" {
		fault = ": " + e.Error
	}
	switch {
	case e.Status == Failed || e.Status == TimedOut:
		r.step("last run", StepFailed, e.ScheduledAt, "%s %s after %s%s", run, e.Status, counted(e.Attempt, "attempt"), fault)
		r.Change = fmt.Sprintf("schedctl logs %s has what it printed, schedctl why %[1]s each attempt", run)
	case e.Status == Pending && e.NextRetryAt != nil:
		r.step("last run", StepWaits, e.ScheduledAt, "%s failed %s and is tried again at %s%s", run, counted(e.Attempt, "time"), stamp(*e.NextRetryAt), fault)
	case e.Status == Skipped:
		r.step("last run", StepSkipped, e.ScheduledAt, "%s was skipped: %s", run, skipText(e.SkipReason, e.SkipDetail))
	default:
		r.step("last run", StepOK, e.ScheduledAt, "%s is %s", run, e.Status)
	}
}

// standing gives the verdict of a job.
func (r *Reason) standing(j *Job, now time.Time) {
	reason := ""
	if j.StatusReason != "" {
		reason = ": " + j.StatusReason
	}
	switch {
	case j.Status == JobPaused:
		if j.PauseReason != "" {
			reason = ": " + j.PauseReason
		}
		r.Verdict, r.Change = fmt.Sprintf("does not run: paused since %s%s", stamp(deref(j.PausedAt)), reason), "schedctl job resume "+j.Name
		if j.PauseUntil != nil {
			r.Verdict = fmt.Sprintf("does not run: paused since %s until %s%s", stamp(deref(j.PausedAt)), stamp(*j.PauseUntil), reason)
			r.Change = "it resumes by itself; schedctl job resume " + j.Name + " has it sooner"
		}
	case j.Status == JobError:
		r.Verdict = "does not run: its definition cannot be used" + reason
		r.Change = "correct the definition: schedctl job edit " + j.Name
	case j.Status.Terminal():
		r.Verdict = fmt.Sprintf("does not run any more: it is %s%s", j.Status, reason)
	case j.Type == TypeEvent:
		r.Verdict = "runs when its event happens"
	case j.NextRun == nil:
		r.Verdict = "has no due time left; it ends when its last run is over"
	case !j.NextRun.After(now):
		r.Verdict = fmt.Sprintf("is due since %s and is being planned", local(j, *j.NextRun))
		r.step("next run", StepWaits, *j.NextRun, "due %s ago", brief(now.Sub(*j.NextRun)))
	default:
		r.Verdict = "runs next at " + local(j, *j.NextRun)
		r.step("next run", StepOK, *j.NextRun, "in %s", brief(j.NextRun.Sub(now)))
	}
	r.step("status", map[bool]string{true: StepOK, false: StepInfo}[j.Status == JobActive], time.Time{}, "%s", j.Status)
}

// WhySlot explains what became, or will become, of a job at an instant. entry is its
// record, nil = none; e is the execution that the record stands for, nil = none.
func WhySlot(book *Book, at time.Time, entry *LedgerEntry, e *Execution, now time.Time) Reason {
	j := book.Job
	if e != nil {
		r := WhyExecution(&j, e, now)
		r.Verdict = fmt.Sprintf("%s/%d %s", e.JobName, e.RunNumber, r.Verdict)
		return r
	}
	r := Reason{Subject: j.Name}
	epoch, after := epochAt(book.Epochs, at)
	if entry == nil && epoch == nil {
		r.outside(book, at, after)
		return r
	}
	def := j
	if epoch != nil {
		def = epoch.job(j)
	}
	sched, err := Compile(&def)
	switch {
	case err != nil || sched == nil:
		r.Verdict = "the job had no readable schedule then"
	case !sched.Prev(at).Equal(at):
		r.between(sched, &def, at)
	case entry != nil:
		r.slot(&def, at)
		r.recorded(&j, entry)
	case !book.NextRun.IsZero() && !at.Before(book.NextRun):
		r.slot(&def, at)
		r.ahead(&j, at, now)
	default:
		r.slot(&def, at)
		r.step("record", StepFailed, at, "the slot was due and has no record: this is a fault; see the audit of the job's slots")
		r.Verdict = "was due, and nothing recorded what became of it"
	}
	return r
}

// recorded speaks of a slot of which only the record is left.
func (r *Reason) recorded(j *Job, entry *LedgerEntry) {
	detail := ""
	if entry.Range != nil {
		detail = fmt.Sprintf("one of %d slots from %s to %s", entry.Range.Count, stamp(entry.Range.From), stamp(entry.Range.To))
	}
	if entry.Reason == RangePruned {
		r.step("retention", StepInfo, time.Time{}, "%s", skipText(entry.Reason, detail))
		r.Verdict = skipText(entry.Reason, "")
		return
	}
	r.skipped(j, entry.Reason, detail, time.Time{})
	r.Verdict = "skipped: " + skipText(entry.Reason, "")
}

// ahead speaks of a slot that is not accounted for yet.
func (r *Reason) ahead(j *Job, at, now time.Time) {
	switch {
	case j.Status != JobActive:
		r.standing(j, now)
	case at.After(now):
		r.Verdict = fmt.Sprintf("will be due in %s", brief(at.Sub(now)))
		r.step("plan", StepWaits, at, "it runs unless the job is changed, or overlap %q skips it", j.Overlap)
	default:
		r.Verdict = "is due and is being planned"
		r.step("plan", StepWaits, at, "due %s ago, misfire %q decides once it is a minute old", brief(now.Sub(at)), j.Misfire)
	}
}

// between speaks of an instant that is no slot.
func (r *Reason) between(sched *schedule.Schedule, def *Job, at time.Time) {
	r.Verdict = "nothing was due: the schedule does not name this instant"
	r.step("schedule", StepInfo, at, "%q (%s) does not name %s", def.Schedule, def.Timezone, local(def, at))
	if prev := sched.Prev(at); !prev.IsZero() {
		r.step("slot before", StepInfo, prev, "%s", local(def, prev))
	}
	if next := sched.Next(at); !next.IsZero() {
		r.step("slot after", StepInfo, next, "%s", local(def, next))
	}
	r.dst(sched, def, at)
}

// outside speaks of an instant at which no definition was in force; after is the
// epoch before it, nil = none.
func (r *Reason) outside(book *Book, at time.Time, after *Epoch) {
	j := &book.Job
	r.Verdict = "nothing was due: the job's schedule was not in force"
	switch {
	case !at.After(j.CreatedAt):
		r.step("status", StepInfo, j.CreatedAt, "the job was created at %s; slots after that are due", stamp(j.CreatedAt))
		return
	case j.PausedAt != nil && !at.Before(*j.PausedAt):
		r.step("status", StepSkipped, *j.PausedAt, "the job is paused since %s: slots of a pause are not due", stamp(*j.PausedAt))
		r.Change = `resume with catch_up "once" or "all" runs slots of the pause`
	case j.CancelledAt != nil && !at.Before(*j.CancelledAt):
		r.step("status", StepInfo, *j.CancelledAt, "the job was cancelled before, at %s", stamp(*j.CancelledAt))
	case after != nil && after.Until != nil:
		r.step("status", StepInfo, *after.Until, "the job was paused, changed or ended at %s", stamp(*after.Until))
	}
	for i := range book.Epochs {
		if e := &book.Epochs[i]; !e.After.Before(at) {
			r.step("status", StepInfo, e.After, "it was %s at %s", e.Reason, stamp(e.After))
			return
		}
	}
}

// epochAt returns the epoch that planned the instant, nil = none, and the last one
// before it.
func epochAt(epochs []Epoch, at time.Time) (in, before *Epoch) {
	for i := range epochs {
		e := &epochs[i]
		if !e.After.Before(at) {
			break
		}
		before = e
		if e.Until == nil || !at.After(*e.Until) {
			return e, e
		}
	}
	return nil, before
}

// job is j with the definition of the epoch.
func (e *Epoch) job(j Job) Job {
	j.Type, j.Schedule, j.ExecuteAt, j.Timezone, j.DSTPolicy = e.Type, e.Schedule, e.ExecuteAt, e.Timezone, e.DSTPolicy
	j.StartDate, j.EndDate, j.Anchor, j.Seed = e.StartDate, e.EndDate, e.Anchor, e.Seed
	return j
}

// local is an instant in the job's zone.
func local(j *Job, at time.Time) string {
	if loc, err := schedule.LoadZone(j.Timezone); err == nil {
		at = at.In(loc)
	}
	return at.Format("Mon 2006-01-02 15:04:05 -07:00")
}

// brief is a duration with at most two units.
func brief(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	default:
		return fmt.Sprintf("%dd%dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	}
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// counted is a number with its noun: "1 attempt", "3 attempts".
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
