package notify

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/mail"
	"os"
	"slices"
	"strings"

	"github.com/agentic-sdlc/scheduler/handler/httpcall"
	"github.com/agentic-sdlc/scheduler/job"
)

// The types of channels.
const (
	TypeEmail   = "email"
	TypeSlack   = "slack"
	TypeWebhook = "webhook"
)

// How a connection to a mail server is encrypted.
const (
	TLSStart    = "starttls" // from the first command on, or not at all
	TLSImplicit = "implicit" // from the first byte on
	TLSNone     = "none"     // not; without user and password only
)

// Channel is one way to reach people, as the operator declared it.
type Channel struct {
	Name      string
	Type      string
	Platforms []string // whose jobs may use it; empty = all

	// Of e-mail. The server is the operator's word: it may be a private one.
	Host     string
	Port     int    // 0 = 587, 465 with TLSImplicit, 25 with TLSNone
	TLS      string // "" = TLSStart
	CAFile   string // PEM of an own authority; "" = the system's
	Username string // "" = none is told
	Password string
	From     string   // required
	To       []string // who gets what names no recipient
	AllowTo  []string // domains that recipients may be in; empty = all

	// Of Slack and webhooks.
	URL    string
	Secret string // signs what a webhook sends; "" = nothing is signed
}

// channel is a Channel that was checked.
type channel struct {
	Channel

	tls  *tls.Config
	call *httpcall.Handler
}

// Options configure the handlers of this package.
type Options struct {
	Channels []Channel
	Guard    *httpcall.Guard // nil = public addresses only
	// Hide hides secrets in what servers say; nil = nothing is hidden.
	Hide func(string) string
}

// Sender sends through channels. It is safe for concurrent use.
type Sender struct {
	channels []*channel
	hide     func(string) string // of secrets in texts
}

// NewSender checks the channels; the error, with code invalid, says what is wrong.
func NewSender(o Options) (*Sender, error) {
	s := &Sender{hide: o.Hide}
	if s.hide == nil {
		s.hide = func(text string) string { return text }
	}
	var p job.Problems
	for i := range o.Channels {
		c := &channel{Channel: o.Channels[i]}
		place := fmt.Sprintf("channels[%d]", i)
		if s.find(c.Name) != nil {
			p.Add(place+".name", "duplicate", "%q is declared twice", c.Name)
		}
		c.prepare(&p, place, o.Guard)
		s.channels = append(s.channels, c)
	}
	return s, p.Err()
}

// prepare completes a channel.
func (c *channel) prepare(p *job.Problems, place string, guard *httpcall.Guard) {
	switch c.Type {
	case TypeEmail:
		c.prepareEmail(p, place)
	case TypeSlack, TypeWebhook:
		var err error
		n := httpcall.NamedOptions{URL: c.URL, Secret: c.Secret, Private: true}
		if c.call, err = httpcall.Named(httpcall.Options{Guard: guard}, n); err != nil {
			p.Add(place+".url", "invalid", "%v", err)
		}
	default:
		p.Add(place+".type", "unknown", "%.20q is not one of %s, %s, %s", c.Type, TypeEmail, TypeSlack, TypeWebhook)
	}
}

func (c *channel) prepareEmail(p *job.Problems, place string) {
	if c.TLS == "" {
		c.TLS = TLSStart
	}
	if c.Port == 0 {
		c.Port = map[string]int{TLSStart: 587, TLSImplicit: 465, TLSNone: 25}[c.TLS]
	}
	if c.Host == "" {
		p.Add(place+".host", "required", "is required")
	}
	for i, to := range append([]string{c.From}, c.To...) {
		if why := checkAddress(to); why != "" {
			name := ".from"
			if i > 0 {
				name = fmt.Sprintf(".to[%d]", i-1)
			}
			p.Add(place+name, "pattern", "%s", why)
		}
	}
	if c.TLS == TLSNone && c.Username != "" {
		p.Add(place+".tls", "contradiction", "a password does not go over a connection without TLS")
	}
	c.tls = &tls.Config{ServerName: c.Host, MinVersion: tls.VersionTLS12}
	if c.CAFile == "" {
		return
	}
	pem, err := os.ReadFile(c.CAFile)
	c.tls.RootCAs = x509.NewCertPool()
	if err != nil || !c.tls.RootCAs.AppendCertsFromPEM(pem) {
		p.Add(place+".ca_file", "invalid", "%s holds no certificate that can be read", c.CAFile)
	}
}

// find returns a channel by name; nil when there is none.
func (s *Sender) find(name string) *channel {
	for _, c := range s.channels {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Names returns the names of the channels, in the order of their declaration.
func (s *Sender) Names() []string {
	names := make([]string, len(s.channels))
	for i, c := range s.channels {
		names[i] = c.Name
	}
	return names
}

// EscapeSlack writes a text so that Slack shows it as it is.
func EscapeSlack(text string) string { return escapeSlack(text) }

// choose returns the channel of a payload: the one it names, else "email", else the
// only one.
func (s *Sender) choose(name string) (*channel, string) {
	switch c := s.find(name); {
	case c != nil:
		return c, ""
	case len(s.channels) == 0:
		return nil, "cannot be chosen: no channel is configured (handlers.channels)"
	case name != "":
		why := fmt.Sprintf("%.64q is not the name of a channel", name)
		if near := job.Nearest(name, s.Names()); near != "" {
			why += fmt.Sprintf("; did you mean %q?", near)
		}
		return nil, why
	}
	if c := s.find(TypeEmail); c != nil {
		return c, ""
	}
	if len(s.channels) == 1 {
		return s.channels[0], ""
	}
	return nil, "is required: there are several channels"
}

// serves reports whether jobs of a platform may use the channel.
func (c *channel) serves(platform string) bool {
	return len(c.Platforms) == 0 || slices.Contains(c.Platforms, platform)
}

// checkAddress says why a text is no address of e-mail, "" if it is one.
func checkAddress(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "must not hold control characters"
	}
	if _, err := mail.ParseAddress(text); err != nil || len(text) > maxAddress {
		return fmt.Sprintf("%.80q is no e-mail address", text)
	}
	return ""
}

// mayGet says why a recipient must not be written to, "" if he may.
func (c *channel) mayGet(text string) string {
	if why := checkAddress(text); why != "" {
		return why
	}
	address, _ := mail.ParseAddress(text)
	domain := strings.ToLower(address.Address[strings.LastIndexByte(address.Address, '@')+1:])
	if len(c.AllowTo) > 0 && !slices.ContainsFunc(c.AllowTo, func(d string) bool { return strings.EqualFold(d, domain) }) {
		return fmt.Sprintf("%.80q is in a domain that the channel does not write to", text)
	}
	return ""
}
