// Package tracing sends what happened to a receiver of OpenTelemetry, as OTLP over
// HTTP: a span for each request that changes something or belongs to a trace, and one for each
// attempt of an execution. The ids of attempts follow from the execution, so that what
// a handler is told, what the API shows and what is sent are the same without being
// stored. Nothing waits for the receiver: what it does not take in time is dropped.
package tracing
