package workflow

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/agentic-sdlc/scheduler/job"
)

var (
	nameRule = rule(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)
	stepRule = rule(`^[A-Za-z][A-Za-z0-9_]{0,62}$`)
	// stepUse finds the steps that expressions speak of.
	stepUse = rule(`\bsteps\s*(?:\?\.|\.|\[\s*["'])\s*([A-Za-z][A-Za-z0-9_]*)`)
)

// rule is an expression that is made when it is needed: to make one takes as long as many
// a command does.
func rule(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// Validate reports everything that is wrong with a definition and can be told without
// handlers and without evaluating expressions. Fields are paths such as "steps[2].needs[0]".
func (d *Definition) Validate() job.Problems {
	var p job.Problems
	if !nameRule().MatchString(d.Name) {
		p.Add("name", "pattern", "must be letters, digits, dots, hyphens and underscores, at most 100")
	}
	if len(d.Description) > job.MaxTextLen {
		p.Add("description", "too_long", "has %d bytes; at most %d are allowed", len(d.Description), job.MaxTextLen)
	}
	if ms := d.Deadline(); ms < 0 || ms > job.MaxDurationMS || ms > 0 && ms < job.MinTimeoutMS {
		p.Add("timeout_ms", "out_of_range", "must be 0, for no limit, or %d to %d", job.MinTimeoutMS, int64(job.MaxDurationMS))
	}
	switch {
	case d.Engine != nil && len(d.Steps) > 0:
		p.Add("engine", "contradiction", "goes not together with steps")
	case d.Engine != nil:
		d.Engine.validate(&p)
	case len(d.Steps) == 0:
		p.Add("steps", "required", "is required: a workflow has steps, or an engine")
	case len(d.Steps) > MaxSteps:
		p.Add("steps", "too_many", "has %d steps; at most %d are allowed", len(d.Steps), MaxSteps)
	default:
		d.checkSteps(&p)
	}
	return p
}

func (e *Engine) validate(p *job.Problems) {
	if !strings.HasPrefix(e.URL, "http://") && !strings.HasPrefix(e.URL, "https://") {
		p.Add("engine.url", "pattern", "must be an http or https URL")
	}
	if e.PollMS != 0 && (e.PollMS < 100 || e.PollMS > 3_600_000) {
		p.Add("engine.poll_ms", "out_of_range", "must be 100 to 3600000")
	}
}

func (d *Definition) checkSteps(p *job.Problems) {
	first := map[string]int{}
	for i := range d.Steps {
		s, at := &d.Steps[i], fmt.Sprintf("steps[%d].", i)
		if !stepRule().MatchString(s.Name) {
			p.Add(at+"name", "pattern", "%.80q must be a letter, then letters, digits and underscores, at most 63", s.Name)
		} else if before, taken := first[s.Name]; taken {
			p.Add(at+"name", "duplicate", "%q is the name of steps[%d] too", s.Name, before)
		} else {
			first[s.Name] = i
		}
		s.validate(p, at)
	}
	sound := true
	for i := range d.Steps {
		sound = d.checkNeeds(p, i, first) && sound
	}
	if !sound {
		return
	}
	if circle := d.circle(); circle != nil {
		last := circle[len(circle)-2]
		i := first[last]
		p.Add(fmt.Sprintf("steps[%d].needs[%d]", i, slices.Index(d.Steps[i].Needs, circle[len(circle)-1])), "cycle", "the steps need each other in a circle: %s", strings.Join(circle, " → "))
		return
	}
	for i := range d.Steps {
		d.checkUses(p, i, first)
	}
	d.checkResult(p, first)
}

// validate judges a step by itself.
func (s *Step) validate(p *job.Problems, at string) {
	if s.HandlerName == "" {
		p.Add(at+"handler_name", "required", "is required")
	}
	switch s.HandlerType {
	case "", job.HandlerFunction, job.HandlerAgent:
	case job.HandlerWorkflow:
		p.Add(at+"handler_type", "not_allowed", "a step cannot be a workflow")
	default:
		p.Add(at+"handler_type", "enum", "must be function or agent")
	}
	if s.Payload != nil && !isObject(s.Payload) {
		p.Add(at+"payload", "type", "must be an object")
	}
	if len(s.When) > MaxExpr {
		p.Add(at+"when", "too_long", "has %d bytes; at most %d are allowed", len(s.When), MaxExpr)
	}
	s.checkFan(p, at)
	if s.OnFailure != "" {
		job.OneOf(p, at+"on_failure", s.OnFailure, OnFailures())
	}
	spec := s.Spec()
	spec.Type, spec.Name, spec.HandlerType = job.TypeEvent, "step", job.HandlerFunction
	for _, f := range spec.Validate() {
		if f.Field != "event_name" && (f.Field != "handler_name" || s.HandlerName != "") {
			p.Add(at+f.Field, f.Code, "%s", f.Message)
		}
	}
}

func (s *Step) checkFan(p *job.Problems, at string) {
	switch {
	case s.MaxParallel < 0 || s.MaxParallel > MaxParallel:
		p.Add(at+"max_parallel", "out_of_range", "must be 1 to %d", MaxParallel)
	case s.MaxParallel > 0 && !s.Fans():
		p.Add(at+"max_parallel", "contradiction", "is for a step with for_each")
	}
	if !s.Fans() {
		return
	}
	var list []json.RawMessage
	var text string
	switch {
	case json.Unmarshal(s.ForEach, &list) == nil:
		if len(list) > MaxItems {
			p.Add(at+"for_each", "too_many", "has %d items; at most %d are allowed", len(list), MaxItems)
		}
	case json.Unmarshal(s.ForEach, &text) == nil && strings.HasPrefix(text, "${") && strings.HasSuffix(text, "}"):
	default:
		p.Add(at+"for_each", "type", `must be a list, or a placeholder such as "${steps.list.result}"`)
	}
}

// checkNeeds reports whether the needs of a step are all known.
func (d *Definition) checkNeeds(p *job.Problems, i int, known map[string]int) bool {
	s, sound := &d.Steps[i], true
	for n, need := range s.Needs {
		at := fmt.Sprintf("steps[%d].needs[%d]", i, n)
		_, ok := known[need]
		switch {
		case need == s.Name:
			p.Add(at, "cycle", "%q needs itself", need)
		case !ok:
			p.Add(at, "unknown", "there is no step %.80q%s", need, didYouMean(need, known))
		case slices.Contains(s.Needs[:n], need):
			p.Add(at, "duplicate", "%q is given twice", need)
		default:
			continue
		}
		sound = false
	}
	return sound
}

func didYouMean(name string, known map[string]int) string {
	var names []string
	for one := range known {
		names = append(names, one)
	}
	slices.Sort(names)
	if near := job.Nearest(name, names); near != "" {
		return `; did you mean "` + near + `"?`
	}
	return ""
}

// circle returns steps that need each other, the first of them at the end again; nil
// when there are none.
func (d *Definition) circle() []string {
	const (
		open = iota + 1
		done
	)
	state := map[string]int{}
	var path []string
	var visit func(name string) []string
	visit = func(name string) []string {
		path = append(path, name)
		state[name] = open
		for _, need := range d.Step(name).Needs {
			switch state[need] {
			case open:
				return append(slices.Clone(path[slices.Index(path, need):]), need)
			case done:
				continue
			}
			if found := visit(need); found != nil {
				return found
			}
		}
		state[name], path = done, path[:len(path)-1]
		return nil
	}
	for i := range d.Steps {
		if state[d.Steps[i].Name] == 0 {
			if found := visit(d.Steps[i].Name); found != nil {
				return found
			}
		}
	}
	return nil
}

// before returns the steps that are over when a step begins.
func (d *Definition) before(s *Step) map[string]bool {
	all := map[string]bool{}
	var add func(s *Step)
	add = func(s *Step) {
		for _, need := range s.Needs {
			if !all[need] {
				all[need] = true
				add(d.Step(need))
			}
		}
	}
	add(s)
	return all
}

// checkUses refuses expressions that speak of steps which need not be over by then.
func (d *Definition) checkUses(p *job.Problems, i int, known map[string]int) {
	s := &d.Steps[i]
	before := d.before(s)
	for field, text := range map[string]string{"when": s.When, "payload": string(s.Payload), "for_each": string(s.ForEach)} {
		at := fmt.Sprintf("steps[%d].%s", i, field)
		if field != "when" && !strings.Contains(text, "${") {
			continue
		}
		for _, name := range usesOf(text) {
			if _, ok := known[name]; !ok {
				p.Add(at, "unknown", "speaks of a step %.80q that there is not%s", name, didYouMean(name, known))
			} else if !before[name] {
				p.Add(at, "order", "speaks of the step %q, which need not be over by then; add it to needs", name)
			}
		}
	}
}

func (d *Definition) checkResult(p *job.Problems, known map[string]int) {
	if len(d.Result) > job.MaxPayload {
		p.Add("result", "too_long", "has %d bytes; at most %d are allowed", len(d.Result), job.MaxPayload)
	}
	if !strings.Contains(string(d.Result), "${") {
		return
	}
	for _, name := range usesOf(string(d.Result)) {
		if _, ok := known[name]; !ok {
			p.Add("result", "unknown", "speaks of a step %.80q that there is not%s", name, didYouMean(name, known))
		}
	}
}

// usesOf lists the steps that a text speaks of, each once.
func usesOf(text string) []string {
	var names []string
	for _, m := range stepUse().FindAllStringSubmatch(strings.ReplaceAll(text, `\"`, `"`), -1) {
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	return names
}

func isObject(raw json.RawMessage) bool {
	var members map[string]json.RawMessage
	return json.Unmarshal(raw, &members) == nil && members != nil
}
