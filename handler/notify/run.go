package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
)

// sendWithin bounds one delivery.
const sendWithin = 30 * time.Second

// receipt is the result of a delivery.
type receipt struct {
	Success   bool     `json:"success"`
	Channel   string   `json:"channel"`
	Recipient []string `json:"recipient,omitempty"`
	MessageID string   `json:"message_id"`
}

// Run sends the notification of t.
func (h *Handler) Run(ctx context.Context, t *handler.Task) (handler.Result, error) {
	m, c, problems := h.plan(t.Payload, t)
	if err := problems.Err(); err != nil {
		return handler.Result{}, &handler.Failure{Class: "bad_payload", Message: err.Error(), Permanent: true, Err: err}
	}
	if err := h.sender.send(ctx, t, c, &m); err != nil {
		return handler.Result{}, err
	}
	value, err := json.Marshal(receipt{Success: true, Channel: c.Name, Recipient: m.To, MessageID: messageID(c, t)})
	return handler.Result{Value: value}, err
}

// Send sends a message through a channel, on behalf of t: its ids become those of the
// message. The error is a *handler.Failure.
func (s *Sender) Send(ctx context.Context, t *handler.Task, name string, m Message) error {
	c, why := s.choose(name)
	if c == nil {
		return &handler.Failure{Class: "bad_payload", Message: "channel " + why, Permanent: true}
	}
	var p job.Problems
	if c.judge(&p, &m, func(name string) string { return name }); p.Err() != nil {
		return &handler.Failure{Class: "bad_payload", Message: p.Err().Error(), Permanent: true}
	}
	return s.send(ctx, t, c, &m)
}

func (s *Sender) send(ctx context.Context, t *handler.Task, c *channel, m *Message) error {
	if !c.serves(t.Platform) {
		return &handler.Failure{Class: "channel_closed", Message: fmt.Sprintf("channel %q is not for this platform", c.Name), Permanent: true}
	}
	own, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	began := time.Now()
	var f *handler.Failure
	if c.Type == TypeEmail {
		f = c.mail(own, t, m, began)
	} else {
		f = c.post(own, t, m)
	}
	switch {
	case f == nil:
		t.Log.Line(job.LogInfo, job.StreamSystem, fmt.Sprintf("%s: sent in %s", c.Name, time.Since(began).Round(time.Millisecond)))
		return nil
	case ctx.Err() != nil:
		f = &handler.Failure{Class: "cancelled", Message: "sending was stopped", Err: ctx.Err()}
	}
	f.Message = oneLine(s.hide(f.Message))
	t.Log.Line(job.LogWarn, job.StreamSystem, c.Name+": "+f.Message)
	return f
}

// oneLine makes a message of what a server said.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " ")
	return strings.ToValidUTF8(text[:min(len(text), 1000)], "")
}
