package api

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// OwnerKey is the member of a job's metadata that says who created it as code.
const OwnerKey = "schedd.applied_by"

// derived are the fields that follow from others, tried first when what is default is
// left out.
var derived = []string{"allow_overlap", "on_lost", "retry_max_delay_ms", "concurrency", "overlap"}

// Definition returns what a job file must say to get this job under these defaults:
// nothing that the server writes, and nothing that is default.
func Definition(j *job.Job, d job.Defaults) JobDefinition {
	spec := j.Spec
	spec.Metadata = withoutOwner(spec.Metadata)
	fields := members(&spec)
	delete(fields, "type")
	names := slices.Clone(derived)
	for name := range fields {
		if name != "name" && !slices.Contains(derived, name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		value, ok := fields[name]
		if !ok {
			continue
		}
		delete(fields, name)
		if !yields(fields, &spec, d) {
			fields[name] = value
		}
	}
	def := JobDefinition{Type: j.Type}
	remake(fields, &def.JobInput)
	if j.Platform != "" && j.Platform != job.DefaultPlatform {
		def.PlatformID = &j.Platform
	}
	if j.Status == job.JobPaused {
		def.Enabled = new(false)
	}
	return def
}

// yields reports whether the fields make the spec.
func yields(fields map[string]json.RawMessage, want *job.Spec, d job.Defaults) bool {
	var in JobInput
	remake(fields, &in)
	got := job.NewSpec(d)
	got.Type = want.Type
	if len(in.Overlay(&got, time.Time{})) > 0 {
		return false
	}
	got.Normalize(d)
	return sameJSON(&got, want)
}

// Differences lists the fields in which two definitions differ, in the order of the
// definition.
func Differences(before, after *JobDefinition) []FieldChange {
	old, now := members(before), members(after)
	var changes []FieldChange
	for _, name := range definitionFields {
		if a, b := old[name], now[name]; !bytes.Equal(a, b) {
			changes = append(changes, FieldChange{Field: name, Old: a, New: b})
		}
	}
	return changes
}

// definitionFields are the fields of a definition that may differ, in order.
var definitionFields = []string{
	"type", "description", "schedule", "timezone", "execute_at", "start_date", "end_date", "max_executions", "dst_policy", "jitter_ms",
	"misfire", "misfire_grace_ms", "handler_name", "handler_type", "payload", "enabled", "max_retries", "retry_delay_ms", "retry_backoff",
	"retry_max_delay_ms", "timeout_ms", "priority", "concurrency", "allow_overlap", "overlap", "on_lost", "event_name", "when", "delay_ms", "debounce_ms", "after", "cancel_on", "start_within_ms", "finish_within_ms", "min_duration_ms", "max_gap_ms", "pause_on_failures", "on_failure", "tags", "metadata",
}

// members are the fields of v in JSON.
func members(v any) map[string]json.RawMessage {
	fields := map[string]json.RawMessage{}
	if raw, err := json.Marshal(v); err == nil {
		_ = json.Unmarshal(raw, &fields)
	}
	return fields
}

// remake is the way back.
func remake(fields map[string]json.RawMessage, v any) {
	if raw, err := json.Marshal(fields); err == nil {
		_ = json.Unmarshal(raw, v)
	}
}

func sameJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// OwnerOf returns who created a job as code, by its metadata; "" = nobody.
func OwnerOf(metadata json.RawMessage) string {
	var owner string
	_ = json.Unmarshal(members(metadata)[OwnerKey], &owner)
	return owner
}

// WithOwner returns metadata with the mark of the owner; "" takes the mark away.
func WithOwner(metadata json.RawMessage, owner string) json.RawMessage {
	bare := withoutOwner(metadata)
	if owner == "" {
		return bare
	}
	mark, _ := json.Marshal(map[string]string{OwnerKey: owner})
	if len(bare) <= len("{}") {
		return mark
	}
	return append(append(slices.Clone(bare[:len(bare)-1]), ','), mark[1:]...)
}

// withoutOwner keeps the order of what is left; nil when that is nothing.
func withoutOwner(metadata json.RawMessage) json.RawMessage {
	fields := members(metadata)
	if _, marked := fields[OwnerKey]; !marked {
		return metadata
	}
	var out bytes.Buffer
	dec := json.NewDecoder(bytes.NewReader(metadata))
	_, _ = dec.Token()
	for dec.More() {
		name, err := dec.Token()
		var value json.RawMessage
		if err != nil || dec.Decode(&value) != nil {
			return metadata
		}
		if name == OwnerKey {
			continue
		}
		quoted, _ := json.Marshal(name)
		out.WriteByte(',')
		out.Write(quoted)
		out.WriteByte(':')
		out.Write(value)
	}
	if out.Len() == 0 {
		return nil
	}
	out.Bytes()[0] = '{'
	return append(out.Bytes(), '}')
}

// CreatableTypes are the types of jobs that users create.
func CreatableTypes() []job.Type {
	return []job.Type{job.TypeCron, job.TypeOneTime, job.TypeRecurring, job.TypeEvent}
}
