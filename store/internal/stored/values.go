package stored

import "time"

// Instants are stored as microseconds since 1970 UTC.

// Time is a stored instant.
func Time(us int64) time.Time { return time.UnixMicro(us).UTC() }

// Cut is an instant as it comes back from the store.
func Cut(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return Time(t.UnixMicro())
}

// Micros stores an instant; the zero time becomes null.
func Micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// MicrosPtr stores an instant; nil becomes null.
func MicrosPtr(t *time.Time) any {
	if t == nil {
		return nil
	}
	return Micros(*t)
}

// Blob stores bytes; nil becomes null, which an empty value is not.
func Blob(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// Bound is an instant to compare stored ones with; the zero time is before all of them.
func Bound(t time.Time) int64 {
	if t.IsZero() {
		return -1 << 62
	}
	return t.UnixMicro()
}
