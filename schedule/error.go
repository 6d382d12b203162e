package schedule

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Field names of an [Error]: the members of a job that decide its slots.
const (
	FieldSchedule  = "schedule"
	FieldTimezone  = "timezone"
	FieldStartDate = "start_date"
	FieldEndDate   = "end_date"
	FieldExecuteAt = "execute_at"
	FieldDSTPolicy = "dst_policy"
)

// Codes of an [Error]. They are stable; programs may compare them.
const (
	CodeSyntax      = "syntax"       // a character or word that the grammar has no place for
	CodeFields      = "fields"       // not five, six or seven fields, or nothing at all
	CodeOutOfRange  = "out_of_range" // a value outside of what its field allows
	CodeStep        = "step"         // a step outside of what its field allows
	CodeInterval    = "interval"     // an @every that is no positive number of whole seconds
	CodeUnsupported = "unsupported"  // known elsewhere, refused here; the hint has the way to say it
	CodeTooLong     = "too_long"     // longer than 256 bytes
	CodeNeverFires  = "never_fires"  // well formed, without a single slot
	CodeUnknownZone = "unknown_zone" // not an IANA time zone
	CodeInvalid     = "invalid"      // members that contradict each other
	CodeInternal    = "internal"     // two engines disagree on the slots: a fault of this package
)

// Error says what is wrong with a [Spec].
type Error struct {
	Field   string // Field is the member of the job at fault, one of the Field constants.
	Code    string // Code is one of the Code constants.
	Message string // Message is one sentence: what is wrong and what is allowed.
	Hint    string // Hint is what to do about it; may be empty.
	Pos     int    // Pos is the 1-based byte position in Spec.Expr; 0 when there is none.
}

// Error returns the field and the message.
func (e *Error) Error() string { return e.Field + ": " + e.Message }

// errorAt returns an error about the expression at the byte offset pos.
func errorAt(pos int, code, format string, args ...any) *Error {
	return &Error{Field: FieldSchedule, Code: code, Message: fmt.Sprintf(format, args...), Pos: pos + 1}
}

// hinted returns e with a hint.
func (e *Error) hinted(hint string) *Error {
	e.Hint = hint
	return e
}

// quote renders text of the user for a message: quoted, escaped, at most 40 bytes.
func quote(s string) string {
	const most = 40
	if len(s) > most {
		cut := most
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	return strconv.Quote(s)
}
