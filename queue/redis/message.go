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

// boxed is a text as the library takes it. Most messages say the same of all but a few
// things: what the last one said is used again.
type boxed struct {
	text  string
	value any
}

func (b *boxed) of(text string) any {
	if b.value == nil || b.text != text {
		b.text, b.value = text, text
	}
	return b.value
}

// writer writes messages as commands that add them. The zero writer is ready.
type writer struct{ platform, handler, priority boxed }

// fields appends names and values in turn.
func (w *writer) fields(to []any, m *queue.Message, execution any) []any {
	to = append(to, fieldExecution, execution)
	if !m.JobID.IsZero() {
		to = append(to, fieldJob, m.JobID.String())
	}
	if m.Platform != "" {
		to = append(to, fieldPlatform, w.platform.of(m.Platform))
	}
	if m.HandlerName != "" {
		to = append(to, fieldHandler, w.handler.of(m.HandlerName))
	}
	if m.Priority != "" {
		to = append(to, fieldPriority, w.priority.of(string(m.Priority)))
	}
	if m.TraceParent != "" {
		to = append(to, fieldTrace, m.TraceParent)
	}
	if !m.ReadyAt.IsZero() {
		to = append(to, fieldReady, m.ReadyAt.UTC().Format(time.RFC3339Nano))
	}
	if m.TimeoutMS != 0 {
		to = append(to, fieldTimeout, m.TimeoutMS)
	}
	return to
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
