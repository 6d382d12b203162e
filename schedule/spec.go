package schedule

import "time"

// DSTPolicy says what becomes of times that a change of the zone's offset skips
// or repeats. The empty policy is DSTOnce.
type DSTPolicy string

const (
	// DSTOnce fires skipped times of fixed-time schedules right after the gap
	// and repeated ones the first time only.
	DSTOnce DSTPolicy = "once"
	// DSTWall follows the clock: nothing in the gap, both passes of a repeat.
	DSTWall DSTPolicy = "wall"
)

// Spec is everything that decides the slots of a job.
type Spec struct {
	Expr   string    // Expr is a cron expression, a macro or "@every DUR", at most 256 bytes; empty when At is set.
	At     time.Time // At is the only slot of a one-time job, rounded up to a whole second; zero otherwise.
	Zone   string    // Zone is an IANA name; "" is UTC.
	DST    DSTPolicy // DST is the rule for skipped and repeated times; "" is DSTOnce.
	Start  time.Time // Start is the earliest slot allowed, inclusive; zero is no limit.
	End    time.Time // End is where the slots end, exclusive; zero is no limit.
	Anchor time.Time // Anchor is the first slot of @every, truncated to a whole second; zero counts from the zero time.
	Seed   string    // Seed is hashed by H; jobs with equal seeds get equal times. "" is a seed like any other.
}

// check refuses members that contradict each other.
func (s Spec) check() *Error {
	if s.DST != "" && s.DST != DSTOnce && s.DST != DSTWall {
		return &Error{
			Field: FieldDSTPolicy, Code: CodeInvalid,
			Message: quote(string(s.DST)) + ` is not a DST policy; use "once" or "wall"`,
		}
	}
	if s.Expr != "" && !s.At.IsZero() {
		return &Error{
			Field: FieldExecuteAt, Code: CodeInvalid,
			Message: "a job has a schedule or execute_at, not both",
		}
	}
	if !s.Start.IsZero() && !s.End.IsZero() && !s.Start.Before(s.End) {
		return &Error{
			Field: FieldEndDate, Code: CodeInvalid,
			Message: "end_date must be after start_date",
		}
	}
	return nil
}
