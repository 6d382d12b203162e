package stored

import (
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// Row hands out the columns of one result row in order.
type Row struct {
	Values []any // as the driver has them; null is nil
	next   int
}

// Take returns the next column as the driver has it.
func (r *Row) Take() any {
	v := r.Values[r.next]
	r.next++
	return v
}

// Int returns the next column as an integer; null is 0, true is 1.
func (r *Row) Int() int64 { return Int(r.Take()) }

// Int is a value of a driver as an integer; null is 0, true is 1.
func Int(v any) int64 {
	switch v := v.(type) {
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

// IntPtr returns the next column as an integer; null is nil.
func (r *Row) IntPtr() *int64 {
	v := r.Take()
	if v == nil {
		return nil
	}
	n := Int(v)
	return &n
}

// Text returns the next column as text; null is "".
func (r *Row) Text() string {
	v, _ := r.Take().(string)
	return v
}

// Blob returns the next column as bytes, which hold until the next row; null is nil.
func (r *Row) Blob() []byte {
	v, _ := r.Take().([]byte)
	return v
}

// Bytes is Blob to be kept; what is empty is nil.
func (r *Row) Bytes() []byte { return append([]byte(nil), r.Blob()...) }

// Time returns the next column as an instant; null is the zero time.
func (r *Row) Time() time.Time {
	v, ok := r.Take().(int64)
	if !ok {
		return time.Time{}
	}
	return Time(v)
}

// TimePtr returns the next column as an instant; null is nil.
func (r *Row) TimePtr() *time.Time {
	v, ok := r.Take().(int64)
	if !ok {
		return nil
	}
	t := Time(v)
	return &t
}

// ID returns the next column as an id; null is none.
func (r *Row) ID() job.ID {
	var id job.ID
	copy(id[:], r.Blob())
	return id
}
