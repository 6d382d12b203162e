package postgres

import (
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// row hands out the columns of one result row in order.
type row struct {
	values []any
	next   int
}

func (r *row) take() any {
	v := r.values[r.next]
	r.next++
	return v
}

// int returns the next column as an integer; null is 0, true is 1.
func (r *row) int() int64 {
	switch v := r.take().(type) {
	case int64:
		return v
	case int32:
		return int64(v)
	case int16:
		return int64(v)
	case bool:
		if v {
			return 1
		}
	}
	return 0
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

// cut is an instant as it comes back from the store.
func cut(t time.Time) time.Time {
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

// noInstant stands for null where instants travel in arrays.
const noInstant = -1 << 63

// microsOr stores an instant in an array; the zero time becomes noInstant.
func microsOr(t time.Time) int64 {
	if t.IsZero() {
		return noInstant
	}
	return t.UnixMicro()
}

// clone keeps a column beyond its row; empty is nil.
func clone(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return append([]byte(nil), b...)
}
