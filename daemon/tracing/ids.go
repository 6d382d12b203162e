package tracing

import (
	"context"
	"crypto/rand"

	"go.opentelemetry.io/otel/trace"
)

// chosen gives spans the ids that their context names.
type chosen struct{}

type idsKey struct{}

// ids are of the span that is about to start.
type ids struct {
	trace trace.TraceID
	span  trace.SpanID
}

// NewIDs returns the ids of a span without a parent.
func (chosen) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if is, ok := ctx.Value(idsKey{}).(ids); ok {
		return is.trace, is.span
	}
	return newTrace(), newSpan()
}

// NewSpanID returns the id of a span with a parent.
func (chosen) NewSpanID(ctx context.Context, _ trace.TraceID) trace.SpanID {
	if is, ok := ctx.Value(idsKey{}).(ids); ok {
		return is.span
	}
	return newSpan()
}

func newTrace() (id trace.TraceID) {
	_, _ = rand.Read(id[:]) // never fails
	return id
}

func newSpan() (id trace.SpanID) {
	_, _ = rand.Read(id[:]) // never fails
	return id
}

// below is the context of a span with these ids, below a parent of the same trace or,
// when that is zero, at its top.
func below(is ids, parent trace.SpanID) context.Context {
	ctx := context.WithValue(context.Background(), idsKey{}, is)
	if !parent.IsValid() {
		return ctx
	}
	return trace.ContextWithRemoteSpanContext(ctx, spanContext(is.trace, parent))
}

func spanContext(of trace.TraceID, span trace.SpanID) trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: of, SpanID: span, TraceFlags: trace.FlagsSampled, Remote: true})
}

// parse reads hexadecimal digits; what is no id is zero.
func parse(traceText, spanText string) (of trace.TraceID, span trace.SpanID) {
	of, _ = trace.TraceIDFromHex(traceText)
	span, _ = trace.SpanIDFromHex(spanText)
	return of, span
}
