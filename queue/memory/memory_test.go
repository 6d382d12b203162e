package memory_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/queue/memory"
	"github.com/agentic-sdlc/scheduler/queue/queuetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestQueue(t *testing.T) {
	t.Parallel()
	queuetest.Run(t, func(*testing.T) queue.Queue { return memory.New(memory.Options{}) },
		queuetest.Features{Ageing: true, Turns: true, Unique: true, Bubble: true})
}

func TestBus(t *testing.T) {
	t.Parallel()
	queuetest.RunBus(t, func(*testing.T) queue.Bus { return memory.NewBus(memory.BusOptions{}) })
}
