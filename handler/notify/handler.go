package notify

import (
	"encoding/json"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/payload"
	"github.com/agentic-sdlc/scheduler/job"
)

// Handler sends notifications. It is safe for concurrent use.
type Handler struct {
	sender *Sender
	named  *draft // nil = the payload spells the message out
}

var (
	_ handler.Handler   = (*Handler)(nil)
	_ handler.Validator = (*Handler)(nil)
	_ handler.Describer = (*Handler)(nil)
)

// New returns the handler whose payload spells out the message.
func New(s *Sender) *Handler { return &Handler{sender: s} }

// NamedOptions fix a message in the configuration; its texts have placeholders for what
// the payload says.
type NamedOptions struct {
	Channel string // "" = as in payloads
	Message
}

// Named returns a handler for one message. The error, with code invalid, says what is
// wrong with n.
func Named(s *Sender, n NamedOptions) (*Handler, error) {
	var p job.Problems
	c, why := s.choose(n.Channel)
	if why != "" {
		p.Add("channel", "unknown", "%s", why)
	}
	if n.Text == "" {
		p.Add("message", "required", "is required")
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	return &Handler{sender: s, named: &draft{channel: c, Message: n.Message}}, nil
}

// ValidatePayload reports everything that is wrong with a payload: an error with code
// invalid and a field for each problem.
func (h *Handler) ValidatePayload(raw json.RawMessage) error {
	_, _, problems := h.plan(raw, nil)
	return problems.Err()
}

// plan makes the message of a payload.
func (h *Handler) plan(raw json.RawMessage, t *handler.Task) (Message, *channel, job.Problems) {
	if h.named != nil {
		var f payload.Fields
		if len(raw) > 0 {
			f.Object("payload", raw)
		}
		if len(f.Problems) > 0 {
			return Message{}, nil, f.Problems
		}
		m, p := h.named.fill(raw, t, func(string) string { return "payload" })
		m.Data = raw
		return m, h.named.channel, p
	}
	d, p := h.sender.parse(raw)
	m, more := d.fill(raw, t, func(name string) string { return "payload." + name })
	return m, d.channel, append(p, more...)
}

// Schema describes the payload.
func (h *Handler) Schema() json.RawMessage {
	if h.named != nil {
		return json.RawMessage(`{"type":"object"}`)
	}
	return json.RawMessage(`{"type":"object","required":["message"],"additionalProperties":false,"properties":{` +
		`"channel":{"type":"string","description":"name of a channel of the configuration"},` +
		`"recipient":{"description":"who gets it; default: the channel's own","oneOf":[{"type":"string"},{"type":"array","items":{"type":"string"},"maxItems":50}]},` +
		`"subject":{"type":"string","maxLength":500},` +
		`"message":{"type":"string","description":"with placeholders such as {{data.NAME}} and {{run.number}}"},` +
		`"html":{"type":"string","description":"beside the message, for e-mail"},` +
		`"data":{"type":"object"}}}`)
}
