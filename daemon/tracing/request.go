package tracing

import (
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/agentic-sdlc/scheduler/job"
)

// Request begins the span of a request that came with W3C trace context, or "" and "":
// then it is the top of a new trace. It returns the ids of the span, for what the request
// leads to, and what ends it: with a link to the last attempt of the execution that the
// request repeats, nil = none.
func (t *Tracer) Request(callerTrace, callerSpan string) (traceID, spanID string, end func(method, route string, status int, repeats *job.Execution)) {
	of, parent := parse(callerTrace, callerSpan)
	if !of.IsValid() {
		of = newTrace()
	}
	is, began := ids{of, newSpan()}, time.Now()
	return is.trace.String(), is.span.String(), func(method, route string, status int, repeats *job.Execution) {
		var links []trace.Link
		if repeats != nil {
			links = append(links, linkTo(repeats.TraceID, repeats.ID, repeats.Attempt))
		}
		_, sp := t.tracer.Start(below(is, parent), method+" "+route, trace.WithTimestamp(began), trace.WithSpanKind(trace.SpanKindServer), trace.WithLinks(links...), trace.WithAttributes(
			attribute.String("http.request.method", method), attribute.String("http.route", route), attribute.Int("http.response.status_code", status)))
		if status >= http.StatusInternalServerError {
			sp.SetStatus(codes.Error, http.StatusText(status))
		}
		sp.End()
	}
}
