package event

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/expr"
	"github.com/agentic-sdlc/scheduler/job"
)

// about is what expressions call "event".
type about struct {
	ID       string    `expr:"id"`
	Name     string    `expr:"name"`
	Platform string    `expr:"platform"`
	At       time.Time `expr:"at"`
	Depth    int       `expr:"depth"`
}

// names are the types of what expressions over events see.
func names() expr.Env {
	return expr.Env{"data": map[string]any{}, "event": about{}, "at": atFunc(time.Time{})}
}

// scopeOf returns what expressions see of an event.
func scopeOf(e *Event) (expr.Env, error) {
	data, err := object(e.Data)
	if err != nil {
		return nil, err
	}
	return expr.Env{"data": data, "event": about{ID: e.ID, Name: e.Name, Platform: e.Platform, At: e.At, Depth: e.Depth}, "at": atFunc(e.At)}, nil
}

// object reads an object; nothing at all is an empty one.
func object(raw json.RawMessage) (map[string]any, error) {
	v, err := job.Value(raw)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case map[string]any:
		return v, nil
	case nil:
		return map[string]any{}, nil
	}
	return nil, fmt.Errorf("%.60s is no object", raw)
}

// compileConfig compiles a configuration, which must be an object.
func compileConfig(p *job.Problems, field string, raw json.RawMessage) *expr.Template {
	switch {
	case len(raw) == 0:
		p.Add(field, "required", "is required: a JSON object")
		return nil
	case len(raw) > MaxConfig:
		p.Add(field, "too_large", "has %d bytes; at most %d are allowed", len(raw), MaxConfig)
		return nil
	case !json.Valid(raw) || !isObject(raw):
		p.Add(field, "type", "must be a JSON object")
		return nil
	}
	if fault := job.TextFault(raw); fault != "" {
		p.Add(field, "text", "%s", fault)
		return nil
	}
	return expr.CompileTemplate(field, raw, names(), func(path string, err error) { p.Add(path, "syntax", "%v", err) })
}

// render fills a configuration in.
func render(config *expr.Template, env expr.Env) (json.RawMessage, error) {
	raw, err := config.Expand(env)
	if err == nil && len(raw) > 2*MaxConfig {
		return nil, fmt.Errorf("the result has %d bytes; at most %d are allowed", len(raw), 2*MaxConfig)
	}
	return raw, err
}

// Literal reports whether a text of a configuration has no placeholder.
func Literal(s string) bool { return !strings.Contains(s, "${") }
