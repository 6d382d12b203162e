package notify

import (
	"encoding/json"
	"strings"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/payload"
	"github.com/agentic-sdlc/scheduler/job"
)

// Bounds of a message.
const (
	maxAddress     = 320
	maxRecipients  = 50
	maxSubject     = 500
	maxText        = 128 << 10
	maxPlaceholder = 128
)

// Message is what a channel carries.
type Message struct {
	To      []string // empty = the channel's own
	Subject string
	Text    string
	HTML    string          // beside the text, for e-mail; "" = none
	Data    json.RawMessage // for webhooks; nil = none

	// About is the header of a mail that holds the id of what it is about; "" = that of an
	// execution.
	About string
	// Body is all that a webhook gets; nil = a notification with what is above.
	Body json.RawMessage
}

// draft is a message whose placeholders are not filled.
type draft struct {
	channel *channel
	Message
}

// fill makes the message of a run, or of a payload alone while t is nil. Problems name
// the places of the draft.
func (d *draft) fill(raw json.RawMessage, t *handler.Task, place func(name string) string) (Message, job.Problems) {
	var p job.Problems
	s := scopeOf(raw, t)
	m := d.Message
	text := func(name, text string, limit int, escape func(string) string) string {
		filled, err := s.fill(text, escape)
		switch {
		case err != nil:
			p.Add(place(name), "placeholder", "%s", err)
		case len(filled) > limit:
			p.Add(place(name), "too_long", "has %d bytes; at most %d are allowed", len(filled), limit)
		}
		return filled
	}
	escape := plain
	if d.channel != nil && d.channel.Type == TypeSlack {
		escape = escapeSlack
	}
	m.To = make([]string, 0, len(d.To))
	for _, to := range d.To {
		m.To = append(m.To, text("recipient", to, maxAddress, plain))
	}
	m.Subject = text("subject", d.Subject, maxSubject, escape)
	m.Text = text("message", d.Text, maxText, escape)
	m.HTML = text("html", d.HTML, maxText, escapeHTML)
	if strings.ContainsFunc(m.Subject, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		p.Add(place("subject"), "not_allowed", "must be one line without control characters")
	}
	if strings.ContainsRune(m.Text+m.HTML, 0) {
		p.Add(place("message"), "not_allowed", "must not hold NUL")
	}
	if d.channel != nil && len(p) == 0 {
		d.channel.judge(&p, &m, place)
	}
	return m, p
}

// judge says what a channel cannot carry, and completes what it can.
func (c *channel) judge(p *job.Problems, m *Message, place func(name string) string) {
	if c.Type == TypeSlack && len(m.To) > 0 {
		p.Add(place("recipient"), "contradiction", "channel %q writes to one place of Slack: leave the recipient out", c.Name)
	}
	if c.Type != TypeEmail {
		if m.HTML != "" {
			p.Add(place("html"), "contradiction", "is for e-mail, and channel %q is none", c.Name)
		}
		return
	}
	if len(m.To) == 0 {
		m.To = c.To
	}
	if len(m.To) == 0 {
		p.Add(place("recipient"), "required", "is required: channel %q writes to nobody by itself", c.Name)
	}
	for _, to := range m.To {
		if why := c.mayGet(to); why != "" {
			p.Add(place("recipient"), "pattern", "%s", why)
		}
	}
}

// parse reads a payload of the free handler.
func (s *Sender) parse(raw json.RawMessage) (draft, job.Problems) {
	f := payload.Read(raw, "channel", "recipient", "subject", "message", "html", "data")
	var d draft
	var why string
	if d.channel, why = s.choose(f.Text("channel")); why != "" {
		f.Add("channel", "unknown", "%s", why)
	}
	switch value := strings.TrimSpace(string(f.Members["recipient"])); {
	case value == "":
	case value[0] == '[':
		d.To = f.Texts("recipient")
	default:
		d.To = []string{f.Text("recipient")}
	}
	if len(d.To) > maxRecipients {
		f.Add("recipient", "too_many", "has %d addresses; at most %d are allowed", len(d.To), maxRecipients)
	}
	d.Subject, d.Text, d.HTML = f.Text("subject"), f.Text("message"), f.Text("html")
	if d.Text == "" && len(f.Problems) == 0 {
		f.Add("message", "required", "is required")
	}
	if f.Has("data") {
		f.Object("payload.data", f.Members["data"])
		d.Data = f.Members["data"]
	}
	return d, f.Problems
}
