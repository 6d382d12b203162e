package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/agentic-sdlc/scheduler/internal/secret"
)

// Secret is a value that payloads name as secret://NAME instead of holding it. It comes
// from one of Value, File and Env.
type Secret struct {
	Name      string   `yaml:"name"`
	Value     string   `yaml:"value"`
	File      string   `yaml:"file"`      // the file that holds it; relative to $CREDENTIALS_DIRECTORY
	Env       string   `yaml:"env"`       // the variable of schedd that holds it
	Handlers  []string `yaml:"handlers"`  // whose payloads may name it; at least one
	Platforms []string `yaml:"platforms"` // whose jobs may name it; empty = all
}

var secretNamePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// secrets checks what payloads may name.
func (ps *Problems) secrets(list []Secret) {
	taken := map[string]bool{}
	for i := range list {
		s, key := &list[i], fmt.Sprintf("secrets[%d]", i)
		switch {
		case !secretNamePattern.MatchString(s.Name):
			ps.value(key+".name", "%q must begin with a letter or a digit, and have only those, _ and -, at most 64", s.Name)
		case taken[s.Name]:
			ps.value(key+".name", "%q is declared twice", s.Name)
		}
		taken[s.Name] = true
		sources := 0
		for _, source := range []string{s.Value, s.File, s.Env} {
			if source != "" {
				sources++
			}
		}
		if sources != 1 {
			ps.value(key, "needs one of value, file and env")
		}
		if len(s.Handlers) == 0 {
			ps.value(key+".handlers", "is needed: the handlers whose payloads may name it, e.g. [http]")
		}
		ps.platforms(key, s.Platforms)
	}
}

// readDeclared reads the values of declared secrets.
func readDeclared(list []Secret, env environment) error {
	var errs []error
	for i := range list {
		s, key := &list[i], fmt.Sprintf("secrets[%d]", i)
		errs = append(errs, readSecret(&s.Value, s.File, key+".file", env))
		if s.Env != "" {
			if s.Value = env[s.Env]; s.Value == "" {
				errs = append(errs, fmt.Errorf("%s.env: $%s is not set", key, s.Env))
			}
		}
	}
	return errors.Join(errs...)
}

// Secrets are all values that the configuration keeps from being told, declared ones and
// those of its own keys, which no payload may name.
func (c *Config) Secrets() []secret.Secret {
	var all []secret.Secret
	add := func(key, value string) {
		if value != "" {
			all = append(all, secret.Secret{Name: key, Value: value})
		}
	}
	for _, s := range c.Declared {
		all = append(all, secret.Secret{Name: s.Name, Value: s.Value, Handlers: s.Handlers, Platforms: s.Platforms})
	}
	add("store.postgres.dsn", passwordOf(c.Store.Postgres.DSN))
	add("queue.redis.url", passwordOf(c.Queue.Redis.URL))
	add("agents.redis_url", passwordOf(c.Agents.RedisURL))
	add("alerts.ping.url", c.Alerts.Ping.URL)
	h := &c.Handlers
	add("handlers.knowledge_base.token", h.KnowledgeBase.Token)
	for _, ch := range h.Channels {
		for key, value := range map[string]string{"password": ch.Password, "url": ch.URL, "secret": ch.Secret} {
			add("handlers.channels."+ch.Name+"."+key, value)
		}
	}
	pairs := func(place string, list []Pair) {
		for _, p := range list {
			if secretName(p.Name, c.Log.Redact) {
				add(place+"."+p.Name, p.Value)
			}
		}
	}
	for _, cmd := range h.Commands {
		pairs("handlers.commands."+cmd.Name+".env", cmd.Env)
	}
	for _, u := range h.URLs {
		place := "handlers.urls." + u.Name
		add(place+".secret", u.Secret)
		pairs(place+".headers", u.Headers)
		if parsed, err := url.Parse(u.URL); err == nil {
			for name, values := range parsed.Query() {
				for _, value := range values {
					if secretQuery(name, c.Log.Redact) {
						add(place+".url", value)
					}
				}
			}
		}
	}
	return all
}

// passwordOf is the password of an address or of a data source name in words; "" when it
// has none, or one that is no secret: the name of the user.
func passwordOf(address string) string {
	if !strings.Contains(address, "://") {
		if found := dsnPassword.FindStringSubmatch(address); found != nil {
			return strings.Trim(found[2], "'")
		}
		return ""
	}
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	password, _ := u.User.Password()
	if password == "" {
		password = u.Query().Get("password")
	}
	if password == u.User.Username() {
		return ""
	}
	return password
}
