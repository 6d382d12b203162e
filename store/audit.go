package store

import (
	"context"
	"encoding/json"
	"time"
)

// Audits keeps who changed what. Entries are written with the changes themselves: what a
// store writes under a context with a Trail, it writes in one transaction with an entry
// for each thing that it changed. Nothing changes an entry afterwards; Retain forgets old
// ones.
type Audits interface {
	// ListAudit returns one page, the newest first unless Ascending.
	ListAudit(ctx context.Context, f AuditFilter) (Page[AuditEntry], error)
	// AuditEntry returns the entry with the number; not_found outside the scope.
	AuditEntry(ctx context.Context, platform string, number int64) (AuditEntry, error)
	// Record writes an entry of the context's Trail about what changed elsewhere than in
	// the store.
	Record(ctx context.Context, n Note) error
}

// AuditEntry says that somebody changed something.
type AuditEntry struct {
	Number    int64 // rises; where several nodes write, about in order of time
	At        time.Time
	Platform  string // slug; "" = it concerns all of them
	By        string // who
	Via       string // how they were known: "uid 1000", "token TOKEN-ID", "jobs_dir", …
	Action    string // what was asked for, e.g. job.pause
	Kind      string // of what changed, e.g. job
	ID        string // of what changed; a name where there are no ids
	Name      string
	Before    json.RawMessage // members that changed, as they were, secrets masked; nil = there was nothing
	After     json.RawMessage // the same, as they are; nil = there is nothing any more
	Reason    string
	RequestID string
	TraceID   string
}

// AuditFilter selects entries; zero fields do not restrict.
type AuditFilter struct {
	Platform  string    // required; AnyPlatform for all
	Actions   []string  // any of; "job.*" is every action on jobs
	Kinds     []string  // any of
	By        string    // who
	Object    string    // id or name of what changed
	RequestID string    //
	Since     time.Time // inclusive
	Until     time.Time // exclusive

	Ascending bool
	Limit     int // 0 = DefaultLimit; at most MaxLimit
	Cursor    string
	WithTotal bool
}

// Note is one thing that a change touches. Before and After are what it was and is, as
// values that become JSON objects; nil = it was not there, or is not any more.
type Note struct {
	Platform, Kind, ID, Name string
	Before, After            any
}

// Trail is who changes things and why, for the entries about what is written under its
// context. It belongs to one goroutine at a time; the nil Trail records nothing.
type Trail struct {
	At        time.Time
	Action    string
	By, Via   string
	Reason    string
	RequestID string
	TraceID   string

	notes []Note
}

// Note remembers what a transaction changes.
func (t *Trail) Note(n Note) {
	if t != nil {
		t.notes = append(t.notes, n)
	}
}

// Restart forgets what was noted: a transaction begins, perhaps once more.
func (t *Trail) Restart() {
	if t != nil {
		t.notes = t.notes[:0]
	}
}

// Notes returns what was noted since.
func (t *Trail) Notes() []Note {
	if t == nil {
		return nil
	}
	return t.notes
}

type trailKey struct{}

// WithTrail returns a context under which what is written is recorded.
func WithTrail(ctx context.Context, t *Trail) context.Context {
	return context.WithValue(ctx, trailKey{}, t)
}

// TrailOf returns the trail of a context, nil when it has none.
func TrailOf(ctx context.Context) *Trail {
	t, _ := ctx.Value(trailKey{}).(*Trail)
	return t
}
