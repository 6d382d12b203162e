package config

import (
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Channel is a way to reach people. Secrets may come from files, whose names are relative
// to $CREDENTIALS_DIRECTORY.
type Channel struct {
	Name      string   `yaml:"name"`
	Type      string   `yaml:"type" oneof:"email|slack|webhook"`
	Platforms []string `yaml:"platforms"` // whose jobs may use it; empty = all

	Host         string   `yaml:"host"` // of the mail server
	Port         int      `yaml:"port" range:"0..65535"`
	TLS          string   `yaml:"tls" oneof:"|starttls|implicit|none"` // "" = starttls
	CAFile       string   `yaml:"ca_file"`                             // PEM of an own authority
	Username     string   `yaml:"username"`
	Password     string   `yaml:"password"`
	PasswordFile string   `yaml:"password_file"`
	From         string   `yaml:"from"`
	To           []string `yaml:"to"`       // who gets what names no recipient
	AllowTo      []string `yaml:"allow_to"` // domains of recipients; empty = all

	URL        string `yaml:"url"` // of Slack or a webhook; whoever knows it may call it
	URLFile    string `yaml:"url_file"`
	Secret     string `yaml:"secret"` // signs what a webhook gets
	SecretFile string `yaml:"secret_file"`
}

// Notification is a handler that sends one fixed message; its texts have placeholders.
type Notification struct {
	Name        string   `yaml:"name"`
	Channel     string   `yaml:"channel"` // "" = "email", or the only one
	To          []string `yaml:"to"`
	Subject     string   `yaml:"subject"`
	Message     string   `yaml:"message"`
	HTML        string   `yaml:"html"`
	Platforms   []string `yaml:"platforms"` // whose jobs may use it; empty = all
	Description string   `yaml:"description"`
}

// KnowledgeBase is the service that "reindex-knowledge-base" calls.
type KnowledgeBase struct {
	URL       string        `yaml:"url"`   // "" = there is none
	Token     string        `yaml:"token"` // sent as "Authorization: Bearer …"
	TokenFile string        `yaml:"token_file"`
	Timeout   time.Duration `yaml:"timeout" range:"0s..24h"` // of one call; 0 = a minute
}

// Agents is how agents are reached that jobs of handler_type agent run on.
type Agents struct {
	RedisURL     string        `yaml:"redis_url"`            // of those that read streams; "" = the queue's
	RedisURLFile string        `yaml:"redis_url_file"`       // the file to read it from; relative to $CREDENTIALS_DIRECTORY
	Wait         time.Duration `yaml:"wait" range:"0s..24h"` // for an agent that is free; 0 = 30 s
}

// tell checks how people are told, and the knowledge base.
func (ps *Problems) tell(h *Handlers, taken map[string]string) {
	names := map[string]string{}
	for i := range h.Channels {
		c, key := &h.Channels[i], fmt.Sprintf("handlers.channels[%d]", i)
		ps.name(key, c.Name, names)
		ps.platforms(key, c.Platforms)
		if c.Type == "email" {
			ps.email(key, c)
			continue
		}
		ps.secret(key+".url", c.URL, c.URLFile, "https://hooks.example.org/…")
		ps.either(key+".secret", c.Secret, c.SecretFile)
		if c.Host != "" || c.From != "" {
			ps.value(key+".type", "%s has no host and no from: those are of e-mail", c.Type)
		}
	}
	for i := range h.Notifications {
		n, key := &h.Notifications[i], fmt.Sprintf("handlers.notifications[%d]", i)
		ps.name(key, n.Name, taken)
		ps.platforms(key, n.Platforms)
		if n.Message == "" {
			ps.value(key, "needs a message")
		}
		if n.Channel != "" && names[n.Channel] == "" {
			ps.value(key+".channel", "%q is not the name of a channel", n.Channel)
		}
	}
	ps.either("handlers.knowledge_base.token", h.KnowledgeBase.Token, h.KnowledgeBase.TokenFile)
	if address := h.KnowledgeBase.URL; address != "" {
		if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
			ps.value("handlers.knowledge_base.url", "is not an http:// or https:// address without a password")
		}
	}
}

func (ps *Problems) email(key string, c *Channel) {
	for name, value := range map[string]string{"host": c.Host, "from": c.From} {
		if value == "" {
			ps.value(key, "needs %s", name)
		}
	}
	ps.either(key+".password", c.Password, c.PasswordFile)
	if c.Username == "" && (c.Password != "" || c.PasswordFile != "") {
		ps.value(key+".password", "needs a username")
	}
	if c.TLS == "none" && c.Username != "" {
		ps.value(key+".tls", "a password does not go over a connection without TLS: use starttls or implicit")
	}
	if c.URL+c.URLFile+c.Secret+c.SecretFile != "" {
		ps.value(key+".type", "email has no url and no secret: those are of slack and webhook")
	}
}

// either refuses a secret that is given twice.
func (ps *Problems) either(key, value, file string) {
	if value != "" && file != "" {
		ps.value(key, "is set, and %s_file too: keep one", key)
	}
}

func (ps *Problems) platforms(key string, names []string) {
	for i, name := range names {
		if !platformName.MatchString(name) {
			ps.value(fmt.Sprintf("%s.platforms[%d]", key, i), "%q is not the name of a platform", name)
		}
	}
}

// readHandlerSecrets puts the contents of files in place of what they stand for.
func readHandlerSecrets(h *Handlers, env environment) error {
	var errs []error
	for i := range h.Channels {
		c, key := &h.Channels[i], fmt.Sprintf("handlers.channels[%d]", i)
		errs = append(errs,
			atHome(&c.CAFile, key+".ca_file", env),
			readSecret(&c.Password, c.PasswordFile, key+".password_file", env),
			readSecret(&c.URL, c.URLFile, key+".url_file", env),
			readSecret(&c.Secret, c.SecretFile, key+".secret_file", env),
		)
	}
	for i := range h.URLs {
		u := &h.URLs[i]
		errs = append(errs, readSecret(&u.Secret, u.SecretFile, fmt.Sprintf("handlers.urls[%d].secret_file", i), env))
	}
	kb := &h.KnowledgeBase
	return errors.Join(append(errs, readSecret(&kb.Token, kb.TokenFile, "handlers.knowledge_base.token_file", env))...)
}

// maskHandlers hides the secrets of what masked has copied.
func maskHandlers(h *Handlers, redact []string) {
	channels := make([]Channel, len(h.Channels))
	for i, c := range h.Channels {
		c.Password = shownSecret(c.Password, c.PasswordFile)
		c.Secret = shownSecret(c.Secret, c.SecretFile)
		c.URL = shownSecret(c.URL, c.URLFile)
		channels[i] = c
	}
	h.Channels = channels
	for i := range h.URLs {
		h.URLs[i].Secret = shownSecret(h.URLs[i].Secret, h.URLs[i].SecretFile)
	}
	h.KnowledgeBase.Token = shownSecret(h.KnowledgeBase.Token, h.KnowledgeBase.TokenFile)
	if h.KnowledgeBase.URL != "" {
		h.KnowledgeBase.URL = maskURL(h.KnowledgeBase.URL, redact)
	}
}

// shownSecret is what is shown of a secret: nothing of one that is in a file.
func shownSecret(value, file string) string {
	if value == "" || file != "" {
		return ""
	}
	return mask
}
