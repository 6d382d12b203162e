package handler

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/agentic-sdlc/scheduler/job"
)

// Info describes a registered handler to operators and to validation.
type Info struct {
	Name        string          `json:"name"`
	Type        job.HandlerType `json:"type"`
	Kind        string          `json:"kind"` // "builtin", "exec", "http", "function"
	Description string          `json:"description"`
	// Privileged handlers (a free command) are for admins on the socket only.
	Privileged bool `json:"privileged"`
	// Platforms are those whose jobs may use it; empty = all.
	Platforms []string `json:"platforms,omitempty"`
	// Slow handlers (commands) take a slot of the command pool (default 8) too.
	Slow bool `json:"-"`
	// Schema is the JSON Schema of its payload; null when it does not say.
	Schema json.RawMessage `json:"schema,omitempty"`
}

// For reports whether jobs of a platform may use the handler.
func (i Info) For(platform string) bool {
	return len(i.Platforms) == 0 || slices.Contains(i.Platforms, platform)
}

// Registry maps names to handlers. Build it with Register, then only read it:
// reading is safe for concurrent use, registering is not.
type Registry struct {
	byName map[string]entry
}

type entry struct {
	info    Info
	handler Handler
}

// Register adds h under info.Name. A name taken already is an error.
func (r *Registry) Register(info Info, h Handler) error {
	if info.Name == "" {
		return fmt.Errorf("register handler: name is empty")
	}
	if _, taken := r.byName[info.Name]; taken {
		return fmt.Errorf("register handler %q: name is taken", info.Name)
	}
	if r.byName == nil {
		r.byName = map[string]entry{}
	}
	if info.Type == "" {
		info.Type = job.HandlerFunction
	}
	if d, ok := h.(Describer); ok && info.Schema == nil {
		info.Schema = d.Schema()
	}
	r.byName[info.Name] = entry{info: info, handler: h}
	return nil
}

// Lookup returns the handler registered under name.
func (r *Registry) Lookup(name string) (Handler, Info, bool) {
	e, ok := r.byName[name]
	return e.handler, e.info, ok
}

// List returns what is registered, ordered by name.
func (r *Registry) List() []Info {
	infos := make([]Info, 0, len(r.byName))
	for _, e := range r.byName {
		infos = append(infos, e.info)
	}
	slices.SortFunc(infos, func(a, b Info) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return infos
}
