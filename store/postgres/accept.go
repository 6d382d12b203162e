package postgres

import (
	"context"

	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// sqlAcceptEvents answers with the keys of those that were not there.
const sqlAcceptEvents = `WITH fresh AS (INSERT INTO events (k, lo, id, platform, name, data, at, depth, execution, trace_id, parent_span)
		SELECT unnest($1::bigint[]), unnest($2::bigint[]), unnest($3::text[]), unnest($4::text[]), unnest($5::text[]), unnest($6::bytea[]), unnest($7::bigint[]),
			unnest($8::bigint[]), unnest($9::bytea[]), unnest($10::text[]), unnest($11::text[])
		ON CONFLICT (platform, id) DO NOTHING RETURNING k)
	INSERT INTO event_inbox (k) SELECT k FROM fresh RETURNING k`

// accepting is one call of AcceptEvents.
type accepting struct {
	events []event.Event
	known  []bool
	err    error
	done   chan struct{}
}

// AcceptEvents stores events. Calls that come while others are written share the next
// transaction.
func (s *Store) AcceptEvents(ctx context.Context, events []event.Event) ([]bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, classify(err)
	}
	call := &accepting{events: events, done: make(chan struct{})}
	if s.accepts.add(call) {
		go s.writeAccepted()
	}
	select {
	case <-call.done:
	case <-ctx.Done():
		if s.accepts.withdraw(call) {
			return nil, classify(ctx.Err())
		}
		<-call.done
	}
	return call.known, call.err
}

// writeAccepted writes what waits until nothing does.
func (s *Store) writeAccepted() {
	for batch := s.accepts.take(); batch != nil; batch = s.accepts.take() {
		for len(batch) > 0 {
			n := roomFor(batch)
			s.acceptTogether(batch[:n])
			batch = batch[n:]
		}
	}
}

// maxAccepted bounds one transaction, in bytes of data.
const maxAccepted = 8 << 20

// roomFor is how many calls one transaction takes, at least one.
func roomFor(batch []*accepting) int {
	bytes := 0
	for i, call := range batch {
		for j := range call.events {
			bytes += len(call.events[j].Data) + 200
		}
		if bytes > maxAccepted && i > 0 {
			return i
		}
	}
	return len(batch)
}

// acceptTogether stores the events of calls in one transaction. One id twice in it is
// accepted once.
func (s *Store) acceptTogether(batch []*accepting) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	fresh := map[int64]bool{}
	var a acceptRows
	for _, call := range batch {
		a.add(call.events)
	}
	err := s.write(ctx, func(t *tx) error {
		clear(fresh)
		return t.query(sqlAcceptEvents, []any{a.k, a.lo, a.id, a.platform, a.name, a.data, a.at, a.depth, a.execution, a.trace, a.span}, func(r *row) error {
			fresh[r.Int()] = true
			return nil
		})
	})
	for _, call := range batch {
		call.err = err
		if err == nil {
			call.known = make([]bool, len(call.events))
			for i := range call.events {
				k, _ := stored.KeyOf(call.events[i].Key)
				call.known[i] = !fresh[k]
			}
		}
		close(call.done)
	}
}

// acceptRows collects rows of events.
type acceptRows struct {
	k, lo, at, depth                []int64
	id, platform, name, trace, span []string
	data, execution                 [][]byte
}

func (a *acceptRows) add(events []event.Event) {
	for i := range events {
		e := &events[i]
		k, lo := stored.KeyOf(e.Key)
		var from []byte
		if !e.ExecutionID.IsZero() {
			from = e.ExecutionID[:]
		}
		a.k, a.lo, a.at, a.depth = append(a.k, k), append(a.lo, lo), append(a.at, e.At.UnixMicro()), append(a.depth, int64(e.Depth))
		a.id, a.platform, a.name = append(a.id, clean(e.ID)), append(a.platform, clean(e.Platform)), append(a.name, clean(e.Name))
		a.trace, a.span = append(a.trace, clean(e.TraceID)), append(a.span, clean(e.SpanID))
		a.data, a.execution = append(a.data, stored.EventData(e.Data)), append(a.execution, from)
	}
}
