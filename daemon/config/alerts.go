package config

import (
	"net/url"
	"time"
)

// Alerts is how alert rules are looked at, and who hears that this node lives. Rules
// themselves are in the store.
type Alerts struct {
	EvaluateEvery time.Duration `yaml:"evaluate_every" range:"1s..10m"` // how often rules are compared with how things are
	Ping          Ping          `yaml:"ping"`
}

// Ping is an address that is called again and again while the node is well: whoever hears
// no more of it raises the alarm.
type Ping struct {
	URL     string        `yaml:"url"`      // as healthchecks has it, with /start and /fail beside it; "" = nobody is told; whoever knows it may call it
	URLFile string        `yaml:"url_file"` // the file to read it from; relative to $CREDENTIALS_DIRECTORY
	Every   time.Duration `yaml:"every" range:"1s..1h"`
}

// ping checks the address.
func (ps *Problems) ping(p Ping) {
	ps.either("alerts.ping.url", p.URL, p.URLFile)
	if p.URL == "" || p.URLFile != "" {
		return
	}
	if u, err := url.Parse(p.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Fragment != "" {
		ps.value("alerts.ping.url", "is not an http:// or https:// address without a password, such as https://hc-ping.com/UUID")
	}
}
