package redis

import (
	"strconv"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
)

// Fields of a message in the stream. Empty ones are left out.
const (
	fieldExecution = "execution_id"
	fieldJob       = "job_id"
	fieldPlatform  = "platform_id"
	fieldHandler   = "handler_name"
	fieldPriority  = "priority"
	fieldReady     = "ready_at" // RFC 3339
	fieldTimeout   = "timeout_ms"
	fieldTrace     = "traceparent"
)

// appendFields appends names and values.
func appendFields(args []any, m *queue.Message, execution string) []any {
	args = append(args, fieldExecution, execution)
	if !m.JobID.IsZero() {
		args = append(args, fieldJob, m.JobID.String())
	}
	for _, f := range [...]struct{ name, value string }{
		{fieldPlatform, m.Platform}, {fieldHandler, m.HandlerName}, {fieldPriority, string(m.Priority)}, {fieldTrace, m.TraceParent},
	} {
		if f.value != "" {
			args = append(args, f.name, f.value)
		}
	}
	if !m.ReadyAt.IsZero() {
		args = append(args, fieldReady, m.ReadyAt.UTC().Format(time.RFC3339Nano))
	}
	if m.TimeoutMS != 0 {
		args = append(args, fieldTimeout, strconv.FormatInt(m.TimeoutMS, 10))
	}
	return args
}

// setField reads one field. Only the execution must be right; what else cannot be
// read is left empty, and what is unknown is ignored.
func setField(m *queue.Message, name, value string) {
	switch name {
	case fieldExecution:
		m.ExecutionID, _ = job.ParseID(value)
	case fieldJob:
		m.JobID, _ = job.ParseID(value)
	case fieldPlatform:
		m.Platform = value
	case fieldHandler:
		m.HandlerName = value
	case fieldPriority:
		m.Priority = job.Priority(value)
	case fieldReady:
		if at, err := time.Parse(time.RFC3339Nano, value); err == nil {
			m.ReadyAt = at.UTC()
		}
	case fieldTimeout:
		m.TimeoutMS, _ = strconv.ParseInt(value, 10, 64)
	case fieldTrace:
		m.TraceParent = value
	}
}

// fromValues makes a message of the fields that the library has read.
func fromValues(values map[string]any) (m queue.Message) {
	for name, value := range values {
		if text, ok := value.(string); ok {
			setField(&m, name, text)
		}
	}
	return m
}

// fromPairs makes a message of names and values in turn.
func fromPairs(pairs []any) (m queue.Message) {
	for i := 0; i+1 < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		value, _ := pairs[i+1].(string)
		setField(&m, name, value)
	}
	return m
}

// delivery says how a message of a stream is acked. A stray has no execution.
func delivery(rank int, id string, m queue.Message, count int) queue.Delivery {
	receipt := strconv.Itoa(rank) + "/" + id
	if !m.ExecutionID.IsZero() {
		receipt += "/" + m.ExecutionID.String()
	}
	return queue.Delivery{Message: m, Receipt: receipt, Count: count}
}
