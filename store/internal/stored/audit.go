package stored

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"reflect"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// maxMember bounds one member of what an entry keeps, in bytes of JSON. Of a larger one
// size and checksum are kept.
const maxMember = 4 << 10

// InsertAudit is the statement that stores what AuditRow returns.
const InsertAudit = `INSERT INTO audit (at, platform, changed_by, via, action, kind, object, name, before, after, reason, request_id, trace_id)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`

// AuditColumns are the columns of an entry, in the order of ScanAudit.
const AuditColumns = `j.seq, j.at, j.platform, j.changed_by, j.via, j.action, j.kind, j.object, j.name, j.before, j.after, j.reason, j.request_id, j.trace_id`

// AuditRow is an entry as it is stored.
func AuditRow(t *store.Trail, n *store.Note) ([]any, error) {
	before, err := members(n.Before)
	if err != nil {
		return nil, err
	}
	after, err := members(n.After)
	if err != nil {
		return nil, err
	}
	if before != nil && after != nil {
		for name, value := range before {
			if other, ok := after[name]; ok && reflect.DeepEqual(value, other) {
				delete(before, name)
				delete(after, name)
			}
		}
	}
	return []any{
		t.At.UnixMicro(), n.Platform, t.By, t.Via, t.Action, n.Kind, n.ID, n.Name, keep(before), keep(after), t.Reason, t.RequestID, t.TraceID,
	}, nil
}

// ScanAudit reads AuditColumns.
func ScanAudit(r *Row) store.AuditEntry {
	e := store.AuditEntry{
		Number: r.Int(), At: r.Time(), Platform: r.Text(), By: r.Text(), Via: r.Text(), Action: r.Text(), Kind: r.Text(), ID: r.Text(), Name: r.Text(),
	}
	if b := r.Bytes(); len(b) > 0 {
		e.Before = b
	}
	if b := r.Bytes(); len(b) > 0 {
		e.After = b
	}
	e.Reason, e.RequestID, e.TraceID = r.Text(), r.Text(), r.Text()
	return e
}

// members reads a value as the members of a JSON object; nil = there is no value.
func members(v any) (m map[string]any, err error) {
	if v == nil {
		return nil, nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return m, decoder.Decode(&m)
}

// keep is what an entry keeps of members.
func keep(m map[string]any) any {
	if m == nil {
		return nil
	}
	Mask(m)
	for name, value := range m {
		text, _ := json.Marshal(value)
		if len(text) > maxMember {
			sum := sha256.Sum256(text)
			m[name] = map[string]any{"bytes": len(text), "sha256": hex.EncodeToString(sum[:])}
		}
	}
	text, _ := json.Marshal(m)
	return text
}

// noted is what notes say of a job.
type noted struct {
	job.Spec
	Status       job.JobStatus `json:"status"`
	Revision     int64         `json:"revision"`
	NextRun      any           `json:"next_run"`
	StatusReason string        `json:"status_reason,omitempty"`
	PauseReason  string        `json:"pause_reason,omitempty"`
	PauseUntil   any           `json:"pause_until,omitempty"`
	DeletedAt    any           `json:"deleted_at,omitempty"`
}

func notedJob(j *job.Job) any {
	if j == nil {
		return nil
	}
	n := noted{Spec: j.Spec, Status: j.Status, Revision: j.Revision, StatusReason: j.StatusReason, PauseReason: j.PauseReason}
	if j.NextRun != nil {
		n.NextRun = j.NextRun
	}
	if j.PauseUntil != nil {
		n.PauseUntil = j.PauseUntil
	}
	if j.DeletedAt != nil {
		n.DeletedAt = j.DeletedAt
	}
	return n
}

// NoteJob is a change of a job; nil = it was not there, or is gone.
func NoteJob(before, after *job.Job) store.Note {
	j := after
	if j == nil {
		j = before
	}
	return store.Note{Platform: j.Platform, Kind: "job", ID: j.ID.String(), Name: j.Name, Before: notedJob(before), After: notedJob(after)}
}

// NoteApplied notes what a step of an application changed.
func NoteApplied(t *store.Trail, a *store.AppliedJob) {
	switch {
	case a.Created:
		t.Note(NoteJob(nil, a.After))
	case a.Changed:
		t.Note(NoteJob(a.Before, a.After))
	}
}
