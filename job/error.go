package job

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Code classifies an error for machines. Codes are stable: they stand in API
// answers, and two tables map them, one to HTTP (api) and one to exit status (cli).
type Code string

// The codes.
const (
	Invalid         Code = "invalid"          // malformed or not allowed; Fields says where
	Unauthenticated Code = "unauthenticated"  // who are you
	Forbidden       Code = "forbidden"        // you may not
	NotFound        Code = "not_found"        // no such thing, or not yours
	Conflict        Code = "conflict"         // name taken, state forbids
	VersionMismatch Code = "version_mismatch" // revision moved on
	TooLarge        Code = "too_large"        // body above its limit
	Unsupported     Code = "unsupported_media_type"
	RateLimited     Code = "rate_limited"
	Unavailable     Code = "unavailable" // store or queue away, or draining; try again
	StorageFull     Code = "storage_full"
	Timeout         Code = "timeout"
	Internal        Code = "internal" // a bug or an error nobody classified
)

// Codes lists every code, so that tables can be tested for completeness.
func Codes() []Code {
	return []Code{
		Invalid, Unauthenticated, Forbidden, NotFound, Conflict, VersionMismatch, TooLarge,
		Unsupported, RateLimited, Unavailable, StorageFull, Timeout, Internal,
	}
}

// FieldError says what is wrong with one field of the input.
type FieldError struct {
	Field   string `json:"field"` // path, e.g. "schedule" or "tags[2]"
	Code    string `json:"code"`  // stable slug, e.g. "required", "out_of_range"
	Message string `json:"message"`
}

// Error is the one error type that crosses packages.
type Error struct {
	Code    Code
	Message string       // one sentence for people, no trailing period
	Fields  []FieldError // for Invalid
	Hint    string       // what to do next, may be empty
	Err     error        // cause, for the log only
}

// Error returns the message, and the cause when there is one.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error; a %w operand becomes its cause.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	cause := errors.Unwrap(err)
	message := err.Error()
	if cause != nil {
		message = strings.TrimSuffix(message, ": "+cause.Error())
	}
	return &Error{Code: code, Message: message, Err: cause}
}

// WithHint returns e with a hint.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// CodeOf classifies err: its own code, or Internal when it has none; "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// Problems collects field errors so that all are reported at once.
type Problems []FieldError

// Add notes one problem.
func (p *Problems) Add(field, code, format string, args ...any) {
	*p = append(*p, FieldError{Field: field, Code: code, Message: fmt.Sprintf(format, args...)})
}

// Err returns nil, or one Invalid error that holds every problem.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	message := p[0].Field + ": " + p[0].Message
	if len(p) > 1 {
		message = fmt.Sprintf("%s (and %d more)", message, len(p)-1)
	}
	return &Error{Code: Invalid, Message: message, Fields: p}
}

// clip shortens a quoted value to 80 runes.
func clip(s string) string {
	if utf8.RuneCountInString(s) <= 80 {
		return s
	}
	return string([]rune(s)[:80]) + "…"
}
