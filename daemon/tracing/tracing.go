package tracing

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/agentic-sdlc/scheduler/job"
)

// path is where receivers take traces, below their endpoint.
const path = "/v1/traces"

// Options of a Tracer.
type Options struct {
	Endpoint string  // URL of the receiver; "" = what OTEL_EXPORTER_OTLP_* say, else http://localhost:4318
	Ratio    float64 // of traces that are sent, 0 to 1
	Node     string
	Version  string
	Logger   *slog.Logger
}

// Tracer sends spans.
type Tracer struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	sampled  atomic.Uint64 // traces whose number is below; see number
}

// New connects nothing yet: a receiver that is away costs its spans only.
func New(ctx context.Context, o Options) (*Tracer, error) {
	var to []otlptracehttp.Option
	if o.Endpoint != "" {
		to = append(to, otlptracehttp.WithEndpointURL(strings.TrimSuffix(strings.TrimSuffix(o.Endpoint, "/"), path)+path))
	}
	exporter, err := otlptracehttp.New(ctx, to...)
	if err != nil {
		return nil, fmt.Errorf("send traces: %w", err)
	}
	about, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(attribute.String("service.name", "schedd"),
		attribute.String("service.version", o.Version), attribute.String("service.instance.id", o.Node)), resource.WithFromEnv())
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, fmt.Errorf("send traces: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { o.Logger.Warn("traces were not sent", slog.Any("err", err)) }))
	t := &Tracer{}
	t.Sample(o.Ratio)
	t.provider = sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about), sdktrace.WithSampler(t), sdktrace.WithIDGenerator(chosen{}))
	t.tracer = t.provider.Tracer("schedd")
	return t, nil
}

// Close sends what was not sent yet, as long as ctx allows.
func (t *Tracer) Close(ctx context.Context) error { return t.provider.Shutdown(ctx) }

// Sample changes which part of the traces is sent, 0 to 1.
func (t *Tracer) Sample(ratio float64) { t.sampled.Store(uint64(min(max(ratio, 0), 1) * numbers)) }

// numbers is how many numbers traces have.
const numbers = 1 << 63

// number is where a trace stands between 0 and numbers: the same as for other programs
// that send a part of their traces, so that all of them send the same ones.
func number(id trace.TraceID) uint64 { return binary.BigEndian.Uint64(id[8:]) >> 1 }

// ShouldSample decides by the trace alone, so that a trace is sent whole or not at all,
// by whatever node.
func (t *Tracer) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	of := trace.SpanContextFromContext(p.ParentContext)
	if number(p.TraceID) < t.sampled.Load() {
		return sdktrace.SamplingResult{Decision: sdktrace.RecordAndSample, Tracestate: of.TraceState()}
	}
	return sdktrace.SamplingResult{Decision: sdktrace.Drop, Tracestate: of.TraceState()}
}

// Description names the sampler.
func (t *Tracer) Description() string {
	return fmt.Sprintf("TraceIDRatioBased{%g}", float64(t.sampled.Load())/numbers)
}

// Sampled reports whether a trace, in hexadecimal digits, is sent; "" is the one that an
// execution begins.
func (t *Tracer) Sampled(traceID string, execution job.ID) bool {
	of := trace.TraceID(execution)
	if traceID != "" {
		var err error
		if of, err = trace.TraceIDFromHex(traceID); err != nil {
			return false
		}
	}
	return number(of) < t.sampled.Load()
}
