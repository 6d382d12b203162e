package notify

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/agentic-sdlc/scheduler/handler"
)

// body is what a webhook gets.
type body struct {
	Type      string          `json:"type"` // "notification"
	ID        string          `json:"id"`   // of the execution, the same for every attempt
	Subject   string          `json:"subject,omitempty"`
	Message   string          `json:"message"`
	Recipient []string        `json:"recipient,omitempty"`
	Data      json.RawMessage `json:"data,omitempty"`
	Platform  string          `json:"platform_id"`
	Job       namedID         `json:"job"`
	Run       runOf           `json:"run"`
}

type namedID struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type runOf struct {
	Number      int64  `json:"number"`
	Occurrence  int64  `json:"occurrence"`
	Attempt     int    `json:"attempt"`
	Trigger     string `json:"trigger"`
	ScheduledAt string `json:"scheduled_at"`
}

// post sends a message to a URL.
func (c *channel) post(ctx context.Context, t *handler.Task, m *Message) *handler.Failure {
	var raw []byte
	var err error
	if c.Type == TypeSlack {
		text := m.Text
		if m.Subject != "" {
			text = "*" + m.Subject + "*\n" + text
		}
		raw, err = json.Marshal(map[string]string{"text": text})
	} else if raw = m.Body; raw == nil {
		raw, err = json.Marshal(bodyOf(t, m))
	}
	if err != nil {
		return &handler.Failure{Class: "bad_payload", Message: err.Error(), Permanent: true, Err: err}
	}
	call := *t
	call.Payload = raw
	_, err = c.call.Run(ctx, &call)
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*handler.Failure](err); ok {
		return f
	}
	return &handler.Failure{Class: "http_network", Message: err.Error(), Err: err}
}

func bodyOf(t *handler.Task, m *Message) body {
	s := scope{task: t}
	return body{
		Type: "notification", ID: t.ExecutionID.String(), Subject: m.Subject, Message: m.Text, Recipient: m.To, Data: m.Data, Platform: t.Platform,
		Job: namedID{t.JobID.String(), t.JobName},
		Run: runOf{t.RunNumber, t.Occurrence, t.Attempt, string(t.Trigger), s.ofRun("run.scheduled_at")},
	}
}
