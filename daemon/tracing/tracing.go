package tracing

import (
	"context"
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
	sampler  atomic.Pointer[sdktrace.Sampler]
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
func (t *Tracer) Sample(ratio float64) {
	s := sdktrace.TraceIDRatioBased(ratio)
	t.sampler.Store(&s)
}

// ShouldSample decides by the trace alone, so that a trace is sent whole or not at all,
// by whatever node.
func (t *Tracer) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	return (*t.sampler.Load()).ShouldSample(p)
}

// Description names the sampler.
func (t *Tracer) Description() string { return (*t.sampler.Load()).Description() }

// Sampled reports whether a trace, in hexadecimal digits, is sent.
func (t *Tracer) Sampled(id string) bool {
	of, err := trace.TraceIDFromHex(id)
	return err == nil && t.ShouldSample(sdktrace.SamplingParameters{TraceID: of}).Decision == sdktrace.RecordAndSample
}
