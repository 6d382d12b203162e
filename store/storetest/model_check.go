package storetest

import (
	"reflect"
	"slices"

	"pgregory.net/rapid"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// observe reads all executions and holds each against what it was: the moves are
// legal (C10), tokens rise (C9), what is over does not change, and no job runs more
// at once than it may (C3, C4).
func (m *model) observe(t *rapid.T) {
	running := map[job.ID]int{}
	f := store.ExecutionFilter{Limit: store.MaxLimit}
	for {
		page := m.history(f)
		for _, e := range page.Items {
			if e.Status == job.Running {
				running[e.JobID]++
			}
			was, known := m.seen[e.ID]
			if known {
				m.checkMove(t, was, e)
			}
			m.checkOne(t, e)
			m.seen[e.ID] = e
		}
		if page.Next == "" {
			break
		}
		f.Cursor = page.Next
	}
	for id, n := range running {
		j := m.definitions[id]
		if n > j.Places() {
			t.Errorf("C4: %d executions of a job with %d places run", n, j.Places())
		}
	}
	held := map[job.ID]bool{}
	for _, h := range m.held {
		held[h.ID] = true
		if e := m.seen[h.ID]; e.Status != job.Running || e.Token != h.Token {
			t.Errorf("C9: %s is held with token %d, but is %s with token %d", describeRun(e), h.Token, e.Status, e.Token)
		}
	}
	for id, e := range m.seen {
		if e.Status == job.Running && !held[id] {
			t.Errorf("%s runs, but nobody holds it", describeRun(e))
		}
	}
}

// checkMove compares an execution with what it was one operation ago.
func (m *model) checkMove(t *rapid.T, was, e job.Execution) {
	if was.Dead && !e.Dead { // it was retried or dropped
		was.Dead, was.DeadReason = false, ""
	}
	if was.Status.Terminal() {
		if !reflect.DeepEqual(was, e) { // cheaper than the comparison by meaning
			m.wantSame("C10: what is over: "+describeRun(e), was, e)
		}
		return
	}
	legal := was.Status == e.Status
	for _, event := range []job.Event{
		job.EventClaim, job.EventSucceed, job.EventFail, job.EventExpire, job.EventRetry, job.EventLose, job.EventAbandon,
		job.EventReturn, job.EventCancel, job.EventDrop,
	} {
		if next, ok := was.Status.Next(event); ok && next == e.Status {
			legal = true
		}
	}
	if !legal {
		t.Errorf("C10: %s went from %s to %s", describeRun(e), was.Status, e.Status)
	}
	claimed := was.Status == job.Pending && e.Status == job.Running
	if rose := e.Token == was.Token+1 && e.Attempt == was.Attempt+1; rose != claimed || !rose && (e.Token != was.Token || e.Attempt != was.Attempt) {
		t.Errorf("C9: %s went from %s to %s, its token from %d to %d, its attempt from %d to %d",
			describeRun(e), was.Status, e.Status, was.Token, e.Token, was.Attempt, e.Attempt)
	}
	if e.RetryCount < was.RetryCount || e.LostCount < was.LostCount {
		t.Errorf("%s: retry_count went from %d to %d, lost_count from %d to %d", describeRun(e), was.RetryCount, e.RetryCount, was.LostCount, e.LostCount)
	}
	if was.JobID != e.JobID || was.RunNumber != e.RunNumber || was.Trigger != e.Trigger || was.Occurrence != e.Occurrence ||
		was.CatchUp != e.CatchUp || !was.ScheduledAt.Equal(e.ScheduledAt) || !was.CreatedAt.Equal(e.CreatedAt) {
		t.Errorf("what never changes did: %+v became %+v", was, e)
	}
}

// checkOne holds one execution against the limits of its job (C5).
func (m *model) checkOne(t *rapid.T, e job.Execution) {
	j := m.definitions[e.JobID]
	if e.RetryCount > j.MaxRetries {
		t.Errorf("C5: %s was retried %d times, its job allows %d", describeRun(e), e.RetryCount, j.MaxRetries)
	}
	switch {
	case e.LostCount > job.MaxLost:
		t.Errorf("C5: %s was lost %d times, want at most %d", describeRun(e), e.LostCount, job.MaxLost)
	case e.LostCount > 0 && j.OnLost == job.OnLostFail && !e.Status.Terminal():
		t.Errorf("C5: %s was lost and is %s, want it to be over", describeRun(e), e.Status)
	}
	if over := e.CompletedAt != nil; over != e.Status.Terminal() {
		t.Errorf("%s is %s with completed_at %v", describeRun(e), e.Status, e.CompletedAt)
	}
	if e.ReadyAt != nil && e.Status != job.Pending {
		t.Errorf("%s is %s with ready_at %v", describeRun(e), e.Status, e.ReadyAt)
	}
	if (e.Status == job.Skipped) != (e.SkipReason != "") {
		t.Errorf("%s is %s with skip_reason %q", describeRun(e), e.Status, e.SkipReason)
	}
}

// final holds each job against all that was ever observed of it: one record per slot
// (C2), limits (C6), counters (C8), and a ledger that balances.
func (m *model) final(t *rapid.T) {
	for _, id := range m.jobs {
		j := m.get(id)
		var runs []job.Execution
		for _, e := range m.seen {
			if e.JobID == id {
				runs = append(runs, e)
			}
		}
		slices.SortFunc(runs, func(a, b job.Execution) int { return int(a.RunNumber - b.RunNumber) })
		m.checkCounters(t, j, runs)
		m.checkSlots(t, j, runs)
		m.wantBalanced(id)
		before := j
		m.fold(t)
		m.wantSame("the job after a fold", before, m.get(id))
	}
}

func (m *model) checkCounters(t *rapid.T, j job.Job, runs []job.Execution) {
	var executions, success, failure, skipped int64
	for _, e := range runs {
		switch e.Status {
		case job.Skipped:
			if e.Trigger == job.TriggerSchedule {
				skipped++
			}
		case job.Success:
			success++
		case job.Failed, job.TimedOut:
			failure++
		}
		if e.Status != job.Skipped {
			executions++
		}
	}
	for _, e := range m.entries(j.ID, Base, m.now) {
		if e.Range != nil && e.Range.Reason != job.RangePruned {
			skipped += e.Range.Count
		}
	}
	got := []int64{j.ExecutionsCount, j.SuccessCount, j.FailureCount, j.SkippedCount}
	m.wantSame("C8: executions, successes, failures, skips of the "+string(j.Overlap)+" job", []int64{executions, success, failure, skipped}, got)
	book := m.book(j.ID)
	if book.Rows+book.Pruned != book.Numbers || book.Numbers != int64(len(runs)) {
		t.Errorf("C8: %d rows and %d pruned of %d numbers, %d were observed", book.Rows, book.Pruned, book.Numbers, len(runs))
	}
}

func (m *model) checkSlots(t *rapid.T, j job.Job, runs []job.Execution) {
	slots := map[int64]bool{}
	var occurrences int64
	for i, e := range runs {
		if e.RunNumber != int64(i+1) {
			t.Errorf("run %d comes as number %d", e.RunNumber, i+1)
		}
		if e.Trigger != job.TriggerSchedule {
			continue
		}
		if slots[e.ScheduledAt.Unix()] {
			t.Errorf("C2: slot %v has two records", e.ScheduledAt)
		}
		slots[e.ScheduledAt.Unix()] = true
		if e.Status == job.Skipped {
			continue
		}
		occurrences++
		if e.Occurrence != occurrences {
			t.Errorf("C6: %s is occurrence %d, want %d", describeRun(e), e.Occurrence, occurrences)
		}
	}
	if limit := j.MaxExecutions; limit != nil && occurrences > *limit {
		t.Errorf("C6: %d occurrences of a job limited to %d", occurrences, *limit)
	}
}
