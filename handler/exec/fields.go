package exec

import (
	"encoding/json"

	"github.com/agentic-sdlc/scheduler/handler/payload"
)

// fields are the members of a payload of this package.
type fields struct{ *payload.Fields }

func readFields(raw json.RawMessage, known ...string) *fields {
	return &fields{payload.Read(raw, known...)}
}
