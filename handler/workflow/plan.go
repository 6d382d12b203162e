package workflow

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/agentic-sdlc/scheduler/internal/expr"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/workflow"
)

// names are what expressions may speak of; those of items only where there are some.
var (
	names     = expr.Any("input", "steps", "execution")
	itemNames = expr.Any("input", "steps", "execution", "item", "index")
)

// plan is a definition with its expressions compiled. It is the Evaluator of itself, and
// safe for concurrent use.
type plan struct {
	workflow.Definition

	when     map[string]*expr.Program
	payloads map[string]*expr.Template
	items    map[string]*expr.Template
	result   *expr.Template
}

// Check reports what is wrong with the expressions of a definition.
func Check(d *workflow.Definition) job.Problems {
	_, p := compile(d)
	return p
}

func compile(d *workflow.Definition) (*plan, job.Problems) {
	var p job.Problems
	c := &plan{Definition: *d, when: map[string]*expr.Program{}, payloads: map[string]*expr.Template{}, items: map[string]*expr.Template{}}
	fail := func(path string, err error) { p.Add(path, "expression", "%v", err) }
	for i := range d.Steps {
		s, at := &d.Steps[i], fmt.Sprintf("steps[%d].", i)
		if s.When != "" {
			program, err := expr.Condition(s.When, names)
			if err != nil {
				p.Add(at+"when", "expression", "%v", err)
			}
			c.when[s.Name] = program
		}
		known := names
		if s.Fans() {
			known = itemNames
			c.items[s.Name] = expr.CompileTemplate(at+"for_each", s.ForEach, names, fail)
		}
		if s.Payload != nil {
			c.payloads[s.Name] = expr.CompileTemplate(at+"payload", s.Payload, known, fail)
		}
	}
	if d.Result != nil {
		c.result = expr.CompileTemplate("result", d.Result, names, fail)
	}
	return c, p
}

// When evaluates the condition of a step.
func (c *plan) When(s *workflow.Step, env workflow.Values) (bool, error) {
	return c.when[s.Name].Holds(expr.Env(env))
}

// Items evaluates the list of a step.
func (c *plan) Items(s *workflow.Step, env workflow.Values) ([]any, error) {
	raw, err := c.items[s.Name].Expand(expr.Env(env))
	if err != nil {
		return nil, err
	}
	value, _ := job.Value(raw)
	list, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("%w, but %.60s", workflow.ErrNoList, string(raw))
	}
	return list, nil
}

// Payload evaluates what a step gets.
func (c *plan) Payload(s *workflow.Step, env workflow.Values) (json.RawMessage, error) {
	template := c.payloads[s.Name]
	if template == nil {
		return json.RawMessage("{}"), nil
	}
	return template.Expand(expr.Env(env))
}

// Result evaluates what the workflow leaves behind.
func (c *plan) Result(_ *workflow.Definition, env workflow.Values) (json.RawMessage, error) {
	return c.result.Expand(expr.Env(env))
}

// plans caches compiled revisions, which never change. The zero value is ready.
type plans struct {
	mu sync.Mutex
	m  map[string]*plan
}

// maxPlans bounds the cache.
const maxPlans = 1000

func (p *plans) of(w *store.Workflow) (*plan, error) {
	key := fmt.Sprintf("%s/%s@%d", w.Platform, w.Name, w.Revision)
	p.mu.Lock()
	defer p.mu.Unlock()
	if had := p.m[key]; had != nil {
		return had, nil
	}
	var d workflow.Definition
	if err := json.Unmarshal(w.Definition, &d); err != nil {
		return nil, fmt.Errorf("revision %d of workflow %q cannot be read: %w", w.Revision, w.Name, err)
	}
	c, faults := compile(&d)
	if err := faults.Err(); err != nil {
		return nil, fmt.Errorf("revision %d of workflow %q cannot be read: %w", w.Revision, w.Name, err)
	}
	if p.m == nil || len(p.m) >= maxPlans {
		p.m = map[string]*plan{}
	}
	p.m[key] = c
	return c, nil
}

// newSecret is what an external engine must know to reply.
func newSecret() string {
	var b [24]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}
