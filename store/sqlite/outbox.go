package sqlite

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Outbox returns packed events after the position, unpacked.
func (s *Store) Outbox(ctx context.Context, after int64, limit int) ([]store.OutboxRow, error) {
	look, same := s.quietOutbox.unchanged(s.writer)
	if same && after >= s.quietAfter.Load() {
		return nil, nil
	}
	var rows []store.OutboxRow
	err := s.snapshot(ctx, func(c *conn) error {
		var packed [][]byte
		if err := c.query(ctx, `SELECT id, at, data FROM outbox WHERE id > ? ORDER BY id LIMIT ?`, []any{after, limit}, func(r *row) error {
			rows = append(rows, store.OutboxRow{Position: r.int(), At: r.time()})
			packed = append(packed, append([]byte(nil), r.blob()...))
			return nil
		}); err != nil {
			return err
		}
		reader := eventReader{c: c, defs: &s.defs, names: map[int64]subject{}}
		for i := range rows {
			var err error
			if rows[i].Events, err = reader.read(packed[i], &rows[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && len(rows) == 0 {
		s.quietAfter.Store(after)
		s.quietOutbox.nothing(look)
	}
	return rows, err
}

// OutboxEnd returns the newest position; after when there is nothing behind it.
func (s *Store) OutboxEnd(ctx context.Context, after int64) (position int64, err error) {
	look, same := s.quietOutbox.unchanged(s.writer)
	if same && after >= s.quietAfter.Load() {
		return after, nil
	}
	err = s.snapshot(ctx, func(c *conn) error {
		_, err := c.first(ctx, `SELECT max(id) FROM outbox`, nil, func(r *row) { position = r.int() })
		return err
	})
	if err == nil && position <= after {
		s.quietAfter.Store(after)
		s.quietOutbox.nothing(look)
	}
	return max(position, after), err
}

// TrimOutbox forgets events up to the position.
func (s *Store) TrimOutbox(ctx context.Context, upto int64) error {
	return s.write(ctx, func(c *conn) error {
		_, err := c.exec(`DELETE FROM outbox WHERE id <= ?`, upto)
		return err
	})
}

// subject is what events say of a job beside its number.
type subject struct {
	id   job.ID
	head []byte // its part of an event's data
}

// eventReader unpacks what eventWriter packed.
type eventReader struct {
	c     *conn
	defs  *definitions
	b     []byte
	names map[int64]subject
}

func (r *eventReader) read(b []byte, from *store.OutboxRow) ([]store.Event, error) {
	r.b = b
	var events []store.Event
	for len(r.b) > 0 {
		e, err := r.one()
		if err != nil {
			return nil, err
		}
		e.At = from.At
		e.ID = fmt.Sprintf("%d-%d", from.Position, len(events))
		events = append(events, e)
	}
	return events, nil
}

func (r *eventReader) int() (v int64) {
	v, r.b = varint(r.b)
	return v
}

func (r *eventReader) byte() byte {
	if len(r.b) == 0 {
		return 0
	}
	b := r.b[0]
	r.b = r.b[1:]
	return b
}

func (r *eventReader) key() int64 {
	if len(r.b) < 8 {
		r.b = nil
		return 0
	}
	k := binary.BigEndian.Uint64(r.b)
	r.b = r.b[8:]
	return int64(k)
}

func (r *eventReader) text() string {
	n, size := binary.Uvarint(r.b)
	if size <= 0 || uint64(len(r.b)-size) < n {
		r.b = nil
		return ""
	}
	s := string(r.b[size : size+int(n)])
	r.b = r.b[size+int(n):]
	return s
}

func (r *eventReader) subject(seq int64) (subject, error) {
	if known, ok := r.names[seq]; ok {
		return known, nil
	}
	if def := r.defs.get(seq, 0); def != nil { // a name that was changed since is as good
		found := subjectOf(def.job.ID, def.job.Name, def.job.Platform)
		r.names[seq] = found
		return found, nil
	}
	found := subject{head: []byte(`{"version":1`)}
	_, err := r.c.first(context.Background(), `SELECT id, name, platform FROM jobs WHERE seq = ?`, []any{seq}, func(row *row) {
		found = subjectOf(row.id(), row.text(), row.text())
	})
	r.names[seq] = found
	return found, err
}

func subjectOf(id job.ID, name, platform string) subject {
	return subject{id: id, head: []byte(`{"version":1,"job_id":"` + id.String() + `","job_name":` + quoted(name) + `,"platform_id":` + quoted(platform))}
}

func (r *eventReader) one() (store.Event, error) {
	kind := eventKind(r.byte())
	about, err := r.subject(r.int())
	if err != nil {
		return store.Event{}, err
	}
	e := store.Event{JobID: about.id}
	d := object{b: append(make([]byte, 0, 256), about.head...)}
	switch kind {
	case eventJob:
		e.Name = r.text()
		if extra := r.text(); extra != "" {
			d.raw("changes", extra)
		}
	case eventSkippedRange:
		e.Name = "scheduler:execution.skipped"
		d.text("from", stamp(r.int()))
		d.text("to", stamp(r.int()))
		d.int("count", r.int())
		d.text("reason", string(value(reasons, int64(r.byte()))))
	default:
		r.execution(kind, &e, &d)
	}
	e.Data = append(d.b, '}')
	return e, nil
}

// execution unpacks the events of one execution.
func (r *eventReader) execution(kind eventKind, e *store.Event, d *object) {
	e.ExecutionID = idOf(r.key(), r.key())
	d.text("execution_id", e.ExecutionID.String())
	if n := r.int(); n > 0 {
		d.int("run_number", n)
	}
	switch kind {
	case eventStarted:
		e.Name = "scheduler:execution.started"
		d.int("attempt", r.int())
	case eventCompleted:
		e.Name = "scheduler:execution.completed"
		d.text("status", string(value(statuses, int64(r.byte()))))
		d.int("attempt", r.int())
		d.int("duration_ms", r.int()/1000)
	case eventFailed:
		e.Name = "scheduler:execution.failed"
		d.int("attempt", r.int())
		d.raw("will_retry", strconv.FormatBool(r.byte() == 1))
		d.raw("error", quoted(r.text()))
	case eventSkipped:
		e.Name = "scheduler:execution.skipped"
		d.text("scheduled_at", stamp(r.int()))
		d.text("reason", string(value(reasons, int64(r.byte()))))
	}
}

// object appends fields to a JSON object that has some already. Events are too many
// for reflection.
type object struct{ b []byte }

func (o *object) raw(name, value string) {
	o.b = append(o.b, ',', '"')
	o.b = append(o.b, name...)
	o.b = append(o.b, '"', ':')
	o.b = append(o.b, value...)
}

// text appends a string that needs no escaping.
func (o *object) text(name, value string) { o.raw(name, `"`+value+`"`) }

func (o *object) int(name string, n int64) { o.raw(name, strconv.FormatInt(n, 10)) }

func quoted(s string) string {
	b, _ := json.Marshal(s) // a string always marshals
	return string(b)
}

func stamp(us int64) string { return fromMicros(us).Format(time.RFC3339Nano) }
