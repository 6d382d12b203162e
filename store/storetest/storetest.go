package storetest

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Base is where the clock of every test starts: a Monday, on a whole second.
var Base = time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)

// Run runs the whole suite. open returns an empty store that nobody else uses; the
// suite closes it.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	areas := []area{
		{"store", own, basicTests},
		{"create", shared, createTests},
		{"idempotency", shared, idempotencyTests},
		{"change", shared, changeTests},
		{"apply", own, applyTests},
		{"revisions", shared, revisionTests},
		{"plan", own, planTests},
		{"limits", own, limitTests},
		{"overlap", own, overlapTests},
		{"trigger", shared, triggerTests},
		{"born trigger", own, bornTriggerTests},
		{"held", own, heldTests},
		{"waiting", own, waitingTests},
		{"claim", shared, claimTests},
		{"settle", shared, settleTests},
		{"retry", shared, retryTests},
		{"dead letters", shared, deadTests},
		{"aftermath", own, aftermathTests},
		{"cancel", shared, cancelTests},
		{"sessions", own, sessionTests},
		{"nodes", own, nodeTests},
		{"duties", own, dutyTests},
		{"holds", own, holdTests},
		{"maintenance", own, maintenanceTests},
		{"tokens", own, tokenTests},
		{"audit", shared, auditTests},
		{"tenants", own, tenantTests},
		{"agents", own, agentTests},
		{"workflows", own, workflowTests},
		{"reap", own, reapTests},
		{"list jobs", shared, listJobTests},
		{"page jobs", shared, pageJobTests},
		{"executions", shared, executionTests},
		{"list executions", shared, listExecutionTests},
		{"logs", shared, logTests},
		{"trim logs", own, trimLogTests},
		{"ledger", own, ledgerTests},
		{"upkeep", own, upkeepTests},
		{"figures", own, figureTests},
		{"outbox", own, outboxTests},
		{"events", own, eventTests},
		{"alerts", own, alertTests},
		{"retain", own, retainTests},
		{"platform", shared, platformTests},
		{"precision", own, precisionTests},
		{"text", shared, textTests},
		{"races", own, raceTests},
		{"model", own, modelTests},
	}
	for _, a := range areas {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			var common *fixture
			if a.scope == shared {
				common = newFixture(t, open)
			}
			for _, tt := range a.tests() {
				t.Run(tt.name, func(t *testing.T) {
					t.Parallel()
					f := common
					if f == nil {
						f = newFixture(t, open)
					}
					tt.run(t, newBench(t, f))
				})
			}
		})
	}
}

// scope says whether the tests of an area share a store.
type scope bool

const (
	own    scope = false
	shared scope = true
)

type area struct {
	name  string
	scope scope
	tests func() []test
}

type test struct {
	name string
	run  func(t *testing.T, b *bench)
}

// fixture is one open store. Its ids are unique in all their parts, whoever of the
// tests that share it asks.
type fixture struct {
	store    store.Store
	ids      *job.IDs
	sessions atomic.Int64
	benches  atomic.Int64
}

func newFixture(t *testing.T, open func(t *testing.T) store.Store) *fixture {
	t.Helper()
	f := &fixture{store: open(t), ids: &job.IDs{Rand: rand.NewChaCha8([32]byte{1})}}
	t.Cleanup(func() {
		if err := f.store.Close(); err != nil {
			t.Errorf("Close() = %v, want no error", err)
		}
	})
	return f
}
