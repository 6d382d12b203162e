package stored

import (
	"encoding/binary"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Subject is what events say of a job.
type Subject struct {
	ID             job.ID
	Name, Platform string
}

// Reader unpacks what Events packed.
type Reader struct {
	// Subject looks a job up by the adapter's number; found is false when it is gone.
	Subject func(seq int64) (s Subject, found bool, err error)

	b     []byte
	heads map[int64]head
}

// head is a job's part of the data of an event.
type head struct {
	id   job.ID
	text []byte
}

// Read unpacks one blob into from.Events.
func (r *Reader) Read(b []byte, from *store.OutboxRow) error {
	r.b = b
	for len(r.b) > 0 {
		e, err := r.one()
		if err != nil {
			return err
		}
		e.At = from.At
		e.ID = store.EventID(from.At, from.Position, len(from.Events))
		from.Events = append(from.Events, e)
	}
	return nil
}

func (r *Reader) int() (v int64) {
	v, r.b = varint(r.b)
	return v
}

func (r *Reader) byte() byte {
	if len(r.b) == 0 {
		return 0
	}
	b := r.b[0]
	r.b = r.b[1:]
	return b
}

func (r *Reader) id() (id job.ID) {
	r.b = r.b[copy(id[:], r.b):]
	return id
}

func (r *Reader) text() string {
	n, size := binary.Uvarint(r.b)
	if size <= 0 || uint64(len(r.b)-size) < n {
		r.b = nil
		return ""
	}
	s := string(r.b[size : size+int(n)])
	r.b = r.b[size+int(n):]
	return s
}

func (r *Reader) head(seq int64) (head, error) {
	if known, ok := r.heads[seq]; ok {
		return known, nil
	}
	s, found, err := r.Subject(seq)
	if err != nil {
		return head{}, err
	}
	h := head{text: []byte(`{"version":1`)}
	if found {
		h.id = s.ID
		h.text = []byte(`{"version":1,"job_id":"` + s.ID.String() + `","job_name":` + quoted(s.Name) + `,"platform_id":` + quoted(s.Platform))
	}
	if r.heads == nil {
		r.heads = map[int64]head{}
	}
	r.heads[seq] = h
	return h, nil
}

func (r *Reader) one() (store.Event, error) {
	kind := eventKind(r.byte())
	about, err := r.head(r.int())
	if err != nil {
		return store.Event{}, err
	}
	e := store.Event{JobID: about.id}
	d := object{b: append(make([]byte, 0, 256), about.text...)}
	switch kind {
	case eventJob:
		e.Name = r.text()
		switch extra := r.text(); {
		case strings.HasPrefix(e.Name, job.SystemPrefix+"alert."):
			d.b = append(append(d.b, ','), extra...)
		case extra != "":
			d.raw("changes", extra)
		}
	case eventSkippedRange:
		e.Name = "scheduler:execution.skipped"
		d.text("from", stamp(r.int()))
		d.text("to", stamp(r.int()))
		d.int("count", r.int())
		d.text("reason", string(Value(Reasons, int64(r.byte()))))
	default:
		r.execution(kind, &e, &d)
	}
	e.Data = append(d.b, '}')
	return e, nil
}

// execution unpacks the events of one execution.
func (r *Reader) execution(kind eventKind, e *store.Event, d *object) {
	e.ExecutionID = r.id()
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
		d.text("status", string(Value(Statuses, int64(r.byte()))))
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
		d.text("reason", string(Value(Reasons, int64(r.byte()))))
	}
}

// object appends fields to a JSON object that has some already. Events are too many
// for reflection.
type object struct{ b []byte }

func (o *object) name(name string) {
	o.b = append(o.b, ',', '"')
	o.b = append(o.b, name...)
	o.b = append(o.b, '"', ':')
}

func (o *object) raw(name, value string) {
	o.name(name)
	o.b = append(o.b, value...)
}

// text appends a string that needs no escaping.
func (o *object) text(name, value string) {
	o.name(name)
	o.b = append(o.b, '"')
	o.b = append(o.b, value...)
	o.b = append(o.b, '"')
}

func (o *object) int(name string, n int64) {
	o.name(name)
	o.b = strconv.AppendInt(o.b, n, 10)
}

func quoted(s string) string {
	b, _ := json.Marshal(s) // a string always marshals
	return string(b)
}

func stamp(us int64) string { return time.UnixMicro(us).UTC().Format(time.RFC3339Nano) }
