package job

import (
	"errors"

	"github.com/agentic-sdlc/scheduler/schedule"
)

// scheduleError turns a fault of a schedule into an Error that names the field.
func scheduleError(err error) *Error {
	fault, ok := errors.AsType[*schedule.Error](err)
	if !ok {
		return Errorf(Invalid, "schedule: %v", err)
	}
	return &Error{
		Code:    Invalid,
		Message: fault.Field + ": " + fault.Message,
		Hint:    fault.Hint,
		Fields:  []FieldError{{Field: fault.Field, Code: fault.Code, Message: fault.Message}},
	}
}
