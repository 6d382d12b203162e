package tracing

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Attempt sends the span of an attempt that ended. It is below the request that asked for
// the run, or the top of its trace; a retry is linked to the attempt before it. One that
// is parked goes on: it has one span, when it is over.
func (t *Tracer) Attempt(c *store.Claimed, s *store.Settlement) {
	if s.StartedAt.IsZero() || s.Event == job.EventPark || !t.Sampled(c.TraceID, c.ID) {
		return
	}
	traceID := c.TraceID
	if traceID == "" {
		traceID = job.TraceID(c.ID)
	}
	of, span := parse(traceID, job.SpanID(c.ID, c.Attempt))
	_, parent := parse("", c.SpanID)
	options := []trace.SpanStartOption{
		trace.WithTimestamp(s.StartedAt),
		trace.WithAttributes(
			attribute.String("schedd.job.id", c.Job.ID.String()), attribute.String("schedd.job.name", c.Job.Name),
			attribute.String("schedd.platform", c.Job.Platform), attribute.String("schedd.handler", c.Job.HandlerName),
			attribute.String("schedd.execution.id", c.ID.String()), attribute.Int64("schedd.run_number", c.Number),
			attribute.Int("schedd.attempt", c.Attempt), attribute.String("schedd.trigger", string(c.Trigger)),
			attribute.Int64("schedd.late_ms", max(0, s.StartedAt.Sub(c.ScheduledAt).Milliseconds())),
			attribute.String("schedd.outcome", string(s.Event)),
		),
	}
	if c.Attempt > 1 {
		options = append(options, trace.WithLinks(linkTo(traceID, c.ID, c.Attempt-1)))
	}
	_, sp := t.tracer.Start(below(ids{of, span}, parent), "run "+c.Job.Name, options...)
	if s.Event != job.EventSucceed {
		sp.SetAttributes(attribute.String("error.type", s.ErrorClass))
		sp.SetStatus(codes.Error, s.Error)
	}
	sp.End(trace.WithTimestamp(s.CompletedAt))
}

// linkTo is a link to an attempt of an execution in a trace.
func linkTo(traceID string, execution job.ID, attempt int) trace.Link {
	return trace.Link{SpanContext: spanContext(parse(traceID, job.SpanID(execution, attempt)))}
}
