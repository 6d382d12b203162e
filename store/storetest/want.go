package storetest

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// same compares JSON by its meaning, numbers digit by digit: stores may keep it in
// a form of their own.
var same = cmp.Options{
	cmp.Transformer("JSON", func(raw json.RawMessage) any {
		if len(raw) == 0 {
			return nil
		}
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.UseNumber()
		var v any
		if err := dec.Decode(&v); err != nil {
			return "not JSON: " + string(raw)
		}
		return v
	}),
}

func (b *bench) wantSame(what string, want, got any) {
	b.Helper()
	if diff := cmp.Diff(want, got, same); diff != "" {
		b.Errorf("%s differs (-want +got):\n%s", what, diff)
	}
}

func (b *bench) wantCode(what string, err error, want job.Code) {
	b.Helper()
	if got := job.CodeOf(err); got != want {
		b.Errorf("%s has code %q (%v), want %q", what, got, err, want)
	}
}

func wantEqual[T comparable](b *bench, what string, got, want T) {
	b.Helper()
	if got != want {
		b.Errorf("%s = %v, want %v", what, got, want)
	}
}

// wantTime checks an instant that may be absent.
func (b *bench) wantTime(what string, got *time.Time, want time.Time) {
	b.Helper()
	switch {
	case want.IsZero() && got != nil:
		b.Errorf("%s = %v, want none", what, got.Format(time.RFC3339Nano))
	case want.IsZero():
	case got == nil:
		b.Errorf("%s = none, want %v", what, want.Format(time.RFC3339Nano))
	case !got.Equal(want):
		b.Errorf("%s = %v, want %v", what, got.Format(time.RFC3339Nano), want.Format(time.RFC3339Nano))
	}
}

// wantStatus checks where an execution stands and returns it.
func (b *bench) wantStatus(id job.ID, want job.Status) job.Execution {
	b.Helper()
	e := b.execution(id)
	if e.Status != want {
		b.Errorf("execution %d is %s (%s), want %s", e.RunNumber, e.Status, e.SkipReason, want)
	}
	return e
}

// wantCounts checks the figures of a job: executions, successes, failures, skips.
func (b *bench) wantCounts(id job.ID, executions, success, failure, skipped int64) {
	b.Helper()
	j := b.get(id)
	got := [4]int64{j.ExecutionsCount, j.SuccessCount, j.FailureCount, j.SkippedCount}
	if want := [4]int64{executions, success, failure, skipped}; got != want {
		b.Errorf("executions, successes, failures, skips = %v, want %v", got, want)
	}
}

// statuses returns the statuses of a job's executions, oldest first.
func (b *bench) statuses(id job.ID) []job.Status {
	b.Helper()
	var out []job.Status
	for _, e := range b.executions(id) {
		out = append(out, e.Status)
	}
	return out
}

// wantSlots checks that the ledger holds every slot from first to last, step apart,
// exactly once and in order, and nothing else.
func (b *bench) wantSlots(id job.ID, first, last time.Time, step time.Duration) {
	b.Helper()
	next := first
	for _, e := range b.entries(id, first.Add(-time.Hour), last.Add(time.Hour)) {
		if !e.Slot.Equal(next) {
			b.Errorf("entry at %v (%s %s), want one at %v", e.Slot, e.Status, e.Reason, next)
			return
		}
		end := e.Slot
		if e.Range != nil {
			end = e.Range.To
			if count := int64(end.Sub(e.Slot)/step) + 1; e.Range.Count != count || !e.Range.From.Equal(e.Slot) {
				b.Errorf("range %+v at %v, want it to start there and to count %d", *e.Range, e.Slot, count)
			}
		}
		next = end.Add(step)
	}
	if !next.Equal(last.Add(step)) {
		b.Errorf("the ledger ends before %v, want it to end with %v", next, last)
	}
}

func ids(executions []job.Execution) []job.ID {
	out := make([]job.ID, len(executions))
	for i := range executions {
		out[i] = executions[i].ID
	}
	return out
}

func claimedIDs(claimed []store.Claimed) []job.ID {
	out := make([]job.ID, len(claimed))
	for i := range claimed {
		out[i] = claimed[i].ID
	}
	slices.SortFunc(out, compareIDs)
	return out
}

func compareIDs(a, b job.ID) int { return bytes.Compare(a[:], b[:]) }

func jobNames(jobs []job.Job) []string {
	var out []string
	for i := range jobs {
		out = append(out, jobs[i].Name)
	}
	return out
}

// instants calls fn for every instant inside v, with its path.
func instants(path string, v reflect.Value, fn func(path string, v reflect.Value)) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			instants(path, v.Elem(), fn)
		}
	case reflect.Slice:
		for i := range v.Len() {
			instants(path, v.Index(i), fn)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			fn(path, v)
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				instants(path+"."+v.Type().Field(i).Name, v.Field(i), fn)
			}
		}
	}
}
