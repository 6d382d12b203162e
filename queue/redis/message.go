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

// fields returns names and values in turn.
func fields(m *queue.Message, execution string) []string {
	all := make([]string, 2, 16)
	all[0], all[1] = fieldExecution, execution
	if !m.JobID.IsZero() {
		all = append(all, fieldJob, m.JobID.String())
	}
	for _, f := range [...]struct{ name, value string }{
		{fieldPlatform, m.Platform}, {fieldHandler, m.HandlerName}, {fieldPriority, string(m.Priority)}, {fieldTrace, m.TraceParent},
	} {
		if f.value != "" {
			all = append(all, f.name, f.value)
		}
	}
	if !m.ReadyAt.IsZero() {
		all = append(all, fieldReady, m.ReadyAt.UTC().Format(time.RFC3339Nano))
	}
	if m.TimeoutMS != 0 {
		all = append(all, fieldTimeout, strconv.FormatInt(m.TimeoutMS, 10))
	}
	return all
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

// rankOf reads the rank in a receipt of ours.
func rankOf(d queue.Delivery) int { return int(d.Receipt[0] - '0') }

// delivery says how a message of a stream is acked. A stray has no execution.
func delivery(rank int, id string, m queue.Message, count int) queue.Delivery {
	receipt := strconv.Itoa(rank) + "/" + id
	if !m.ExecutionID.IsZero() {
		receipt += "/" + m.ExecutionID.String()
	}
	return queue.Delivery{Message: m, Receipt: receipt, Count: count}
}
