package handlertest

import (
	"testing"

	"github.com/agentic-sdlc/scheduler/handler"
)

// Suite says how to put a handler through its contract. Payloads are JSON objects;
// an empty one leaves out what needs it.
type Suite struct {
	// New returns the handler; it is called once for each part. Required.
	New func(t *testing.T) handler.Handler
	// Quick succeeds within a second. Required.
	Quick string
	// Slow runs for a minute unless it is stopped.
	Slow string
	// Fails ends in an error that may be retried.
	Fails string
	// Permanent ends in an error that must not be retried.
	Permanent string
	// Loud prints or returns far more than the limits: lines above 4 KiB, results
	// above 64 KiB, bytes that are no UTF-8.
	Loud string
	// Invalid lists payloads that ValidatePayload refuses, each with a field.
	Invalid []string
}

// Run runs the suite as subtests of t.
func Run(t *testing.T, s Suite) { t.Helper() }
