package executor

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/failpoint"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// maxSettle bounds one settling transaction.
const maxSettle = 1000

// settleLoop writes what ended, as many as there are at a time, until ended is
// closed. What cannot be written is kept and tried again: its slots stay taken, so
// no more of it can pile up than there are slots.
func (e *Executor) settleLoop(ctx context.Context) {
	batch := make([]settlement, 0, maxSettle)
	for first := range e.ended {
		batch = e.gather(append(batch[:0], first))
		e.settleAll(ctx, batch)
		e.release(batch)
	}
}

// tries is how often a result is offered to a store that calls it a fault of its own:
// a server that dies says strange things.
const tries = 6

// settleAll writes a batch, sooner or later. A result that the store cannot take is
// found by offering each alone, and given up: it harms no other.
func (e *Executor) settleAll(ctx context.Context, batch []settlement) {
	for attempt := 1; ; attempt++ {
		err := e.settle(ctx, batch)
		faulty := job.CodeOf(err) == job.Internal
		switch {
		case err == nil:
			return
		case faulty && len(batch) > 1:
			for i := range batch {
				e.settleAll(ctx, batch[i:i+1])
			}
			return
		case faulty && attempt == tries:
			e.o.Logger.ErrorContext(ctx, "a result cannot be stored", slog.String("execution_id", batch[0].ID.String()), slog.Any("err", err))
			return
		}
		e.o.Logger.ErrorContext(ctx, "settle failed", slog.Int("executions", len(batch)), slog.Any("err", err))
		if !e.wait(ctx, min(100*time.Millisecond<<min(attempt-1, 5), 2*time.Second)) {
			e.o.Logger.ErrorContext(ctx, "results were not stored: the store did not come back before the stop", slog.Int("executions", len(batch)))
			return
		}
	}
}

func (e *Executor) gather(batch []settlement) []settlement {
	for len(batch) < maxSettle {
		select {
		case s, ok := <-e.ended:
			if !ok {
				return batch
			}
			batch = append(batch, s)
		default:
			return batch
		}
	}
	return batch
}

// settle writes a batch.
func (e *Executor) settle(ctx context.Context, batch []settlement) error {
	rows := make([]store.Settlement, len(batch))
	for i := range batch {
		rows[i] = batch[i].Settlement
	}
	settled, err := e.o.Store.Settle(ctx, e.o.Now(), rows)
	if err != nil {
		return err
	}
	e.noteFenced(ctx, rows, settled.Fenced)
	if settled.Promoted > 0 {
		e.o.Promoted()
	}
	return nil
}

func (e *Executor) noteFenced(ctx context.Context, rows []store.Settlement, fenced []int) {
	e.fenced.Add(int64(len(fenced)))
	for _, i := range fenced {
		if failpoint.Enabled {
			failpoint.Note(fmt.Sprintf("fenced %s %d", rows[i].ID, rows[i].Token))
		}
		e.o.Logger.WarnContext(ctx, "a late result was refused: the execution belongs to another attempt",
			slog.String("execution_id", rows[i].ID.String()), slog.Int64("token", rows[i].Token))
	}
}

// release frees the slots of executions whose end is durable.
func (e *Executor) release(batch []settlement) {
	e.mu.Lock()
	for i := range batch {
		delete(e.running, batch[i].ID)
	}
	e.mu.Unlock()
	for i := range batch {
		e.slots.release(batch[i].slow)
	}
	n := len(batch)
	if e.refused.Swap(false) {
		n = e.o.Slots
	}
	e.o.Freed(n)
}
