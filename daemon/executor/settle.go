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

// ends are attempts that ended, and which of them took a slow slot as well.
type ends struct {
	rows []store.Settlement
	slow []bool
	step bool // one of them is a step of a workflow, or waits for some
}

func (b *ends) add(s settlement) {
	b.rows, b.slow = append(b.rows, s.Settlement), append(b.slow, s.slow)
	b.step = b.step || s.step
}

// settleLoop writes what ended, as many as there are at a time, until ended is
// closed. What cannot be written is kept and tried again: its slots stay taken, so
// no more of it can pile up than there are slots.
func (e *Executor) settleLoop(ctx context.Context) {
	var batch ends
	for first := range e.ended {
		batch.add(first)
		e.gather(&batch)
		e.settleAll(ctx, batch.rows)
		e.release(&batch)
		if batch.step && e.o.Stepped != nil {
			e.o.Stepped()
		}
		clear(batch.rows) // results are not kept
		batch.rows, batch.slow = batch.rows[:0], batch.slow[:0]
		batch.step = false
	}
}

// tries is how often a result is offered to a store that calls it a fault of its own:
// a server that dies says strange things.
const tries = 6

// settleAll writes a batch, sooner or later. A result that the store cannot take is
// found by offering each alone, and given up: it harms no other.
func (e *Executor) settleAll(ctx context.Context, batch []store.Settlement) {
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

// gather adds what has ended already.
func (e *Executor) gather(batch *ends) {
	for len(batch.rows) < maxSettle {
		select {
		case s, ok := <-e.ended:
			if !ok {
				return
			}
			batch.add(s)
		default:
			return
		}
	}
}

// settle writes a batch.
func (e *Executor) settle(ctx context.Context, batch []store.Settlement) error {
	settled, err := e.o.Store.Settle(ctx, e.o.Now(), batch)
	if err != nil {
		return err
	}
	e.noteFenced(ctx, batch, settled.Fenced)
	if settled.Promoted > 0 {
		e.o.Look()
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
func (e *Executor) release(batch *ends) {
	e.mu.Lock()
	for i := range batch.rows {
		delete(e.running, batch.rows[i].ID)
	}
	e.mu.Unlock()
	slow := 0
	for _, is := range batch.slow {
		if is {
			slow++
		}
	}
	n := len(batch.rows)
	e.slots.release(n, slow)
	if e.refused.Swap(false) {
		n = e.o.Slots
	}
	e.o.Freed(n)
}
