package exec

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/agentic-sdlc/scheduler/job"
)

// Param is a member of the payload that stands in the arguments of a named command, as
// {{payload.NAME}}.
type Param struct {
	Name    string
	Pattern string // a regular expression that the whole value matches
	// Optional parameters may be left out; Default is taken then.
	Optional bool
	Default  string
	// AllowDash accepts values that start with "-", which programs take for options.
	AllowDash bool
}

// param is a Param that was checked.
type param struct {
	Param

	rule *regexp.Regexp
}

// checkParams compiles the parameters and notes what is wrong with them.
func checkParams(p *job.Problems, n *NamedOptions) []param {
	var list []param
	known := map[string]bool{}
	for i, one := range n.Params {
		rule, err := regexp.Compile(one.Pattern) // alone, so that it cannot leave the group below
		if err == nil {
			rule, err = regexp.Compile(`\A(?:` + one.Pattern + `)\z`)
		}
		if err != nil || one.Pattern == "" || !isName(one.Name) || known[one.Name] {
			p.Add(fmt.Sprintf("params[%d]", i), "pattern", "must have a name of its own and a pattern")
			continue
		}
		known[one.Name] = true
		list = append(list, param{one, rule})
	}
	for i, arg := range n.Argv {
		for _, found := range placeholders.FindAllStringSubmatch(arg, -1) {
			if i == 0 || !known[found[1]] {
				p.Add(fmt.Sprintf("argv[%d]", i), "unknown", "%s is no parameter", found[0])
			}
		}
	}
	return list
}

var placeholders = regexp.MustCompile(`\{\{payload\.([^{}]*)\}\}`)

// fill puts the values that a payload gives into the arguments: one placeholder is a
// part of one argument, whatever is in it. Each run has its own copy.
func fill(argv []string, params []param, raw json.RawMessage) ([]string, job.Problems) {
	names := make([]string, len(params))
	for i := range params {
		names[i] = params[i].Name
	}
	f := readFields(raw, names...)
	var pairs []string
	for _, p := range params {
		value := p.Default
		switch {
		case f.Has(p.Name):
			value = f.value(p)
		case !p.Optional:
			f.Add(p.Name, "required", "is required")
		}
		pairs = append(pairs, "{{payload."+p.Name+"}}", value)
	}
	if len(f.Problems) > 0 {
		return nil, f.Problems
	}
	replace := strings.NewReplacer(pairs...) // in one pass: a value is never looked at again
	filled := make([]string, len(argv))
	size := 0
	for i, arg := range argv {
		filled[i] = replace.Replace(arg)
		size += len(filled[i])
	}
	if size > maxArgv {
		f.Problems.Add("payload", "too_long", "makes a command of more than %d bytes", maxArgv)
	}
	return filled, f.Problems
}

// value reads one parameter: text, or a number or truth value as JSON writes it.
func (f *fields) value(p param) string {
	raw := strings.TrimSpace(string(f.Members[p.Name]))
	text := raw
	switch {
	case strings.HasPrefix(raw, `"`):
		text = f.Text(p.Name)
	case raw == "null" || strings.HasPrefix(raw, "{") || strings.HasPrefix(raw, "["):
		f.Add(p.Name, "type", "must be text, a number, true or false")
		return ""
	}
	switch {
	case strings.ContainsRune(text, 0):
		f.Add(p.Name, "text", "must not hold NUL")
	case strings.HasPrefix(text, "-") && !p.AllowDash:
		f.Add(p.Name, "pattern", `must not start with "-"`)
	case !p.rule.MatchString(text):
		f.Add(p.Name, "pattern", "does not match %s", p.Pattern)
	}
	return text
}
