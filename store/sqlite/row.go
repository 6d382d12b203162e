package sqlite

import (
	"database/sql/driver"
	"encoding/binary"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// row hands out the columns of one result row in order.
type row struct {
	values []driver.Value
	next   int
}

func (r *row) take() driver.Value {
	v := r.values[r.next]
	r.next++
	return v
}

// int returns the next column as an integer; null is 0.
func (r *row) int() int64 {
	v, _ := r.take().(int64)
	return v
}

// text returns the next column as text; null is "".
func (r *row) text() string {
	v, _ := r.take().(string)
	return v
}

// blob returns the next column as bytes; null is nil.
func (r *row) blob() []byte {
	v, _ := r.take().([]byte)
	return v
}

// time returns the next column as an instant; null is the zero time.
func (r *row) time() time.Time {
	v, ok := r.take().(int64)
	if !ok {
		return time.Time{}
	}
	return fromMicros(v)
}

// timePtr returns the next column as an instant; null is nil.
func (r *row) timePtr() *time.Time {
	v, ok := r.take().(int64)
	if !ok {
		return nil
	}
	t := fromMicros(v)
	return &t
}

// intPtr returns the next column as an integer; null is nil.
func (r *row) intPtr() *int64 {
	v, ok := r.take().(int64)
	if !ok {
		return nil
	}
	return &v
}

// id returns the next column as an id; null is none.
func (r *row) id() job.ID {
	var id job.ID
	copy(id[:], r.blob())
	return id
}

func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }

// stored is an instant as it comes back from the store.
func stored(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return fromMicros(t.UnixMicro())
}

// micros stores an instant; the zero time becomes null.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// microsPtr stores an instant; nil becomes null.
func microsPtr(t *time.Time) any {
	if t == nil {
		return nil
	}
	return micros(*t)
}

// keyOf splits an execution's id into its row key and the rest.
func keyOf(id job.ID) (k, lo int64) {
	return int64(binary.BigEndian.Uint64(id[:8])), int64(binary.BigEndian.Uint64(id[8:]))
}

// idOf joins what keyOf split.
func idOf(k, lo int64) job.ID {
	var id job.ID
	binary.BigEndian.PutUint64(id[:8], uint64(k))
	binary.BigEndian.PutUint64(id[8:], uint64(lo))
	return id
}
