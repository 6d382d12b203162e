package expr

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/types"
	"github.com/expr-lang/expr/vm"
)

// Program is a compiled expression, safe for concurrent use. nil is one that was not
// given: as a condition it holds, as a text it is empty.
type Program struct {
	source  string
	program *vm.Program
}

// Env is what an expression sees, by name: nothing else exists. To compile, the values
// say of which type each name is: all of them, or none, see Any.
type Env map[string]any

// Any returns an Env of names that may have any value.
func Any(names ...string) Env {
	env := make(Env, len(names))
	for _, name := range names {
		env[name] = types.Any
	}
	return env
}

// types is the Env as the compiler wants it: names of any type are declared by types,
// names with a type by a value of it, which brings its methods along.
func (env Env) types() any {
	names := make(types.Map, len(env))
	for name, value := range env {
		t, ok := value.(types.Type)
		if !ok {
			return map[string]any(env)
		}
		names[name] = t
	}
	return names
}

// Compile reads an expression; a blank one is nil. The error is for people: what is
// wrong, and at which column.
func Compile(source string, env Env) (*Program, error) { return compile(source, env) }

// Condition is Compile for an expression that is true or false.
func Condition(source string, env Env) (*Program, error) {
	return compile(source, env, expr.AsBool())
}

func compile(source string, env Env, options ...expr.Option) (*Program, error) {
	switch {
	case strings.TrimSpace(source) == "":
		return nil, nil //nolint:nilnil // none was given
	case len(source) > MaxLen:
		return nil, fmt.Errorf("has %d bytes; at most %d are allowed", len(source), MaxLen)
	}
	if at, deep := nested(source); deep {
		return nil, fmt.Errorf("at column %d: is nested deeper than %d levels", at, maxDepth)
	}
	guard := &guard{}
	options = append(options, expr.Env(env.types()), expr.MaxNodes(maxNodes), expr.DisableBuiltin("repeat"), expr.DisableBuiltin("now"), expr.Patch(guard))
	program, err := expr.Compile(source, options...)
	if err != nil && strings.Contains(source, "${") {
		return nil, errors.New(position(err) + "; here stands an expression itself, without ${ and }")
	}
	if err != nil {
		return nil, errors.New(position(err))
	}
	if guard.fault != nil {
		return nil, guard.fault
	}
	return &Program{source: source, program: program}, nil
}

// position says what a fault of an expression is, and where, in one line.
func position(err error) string {
	fault, ok := errors.AsType[*file.Error](err)
	switch {
	case !ok:
		first, _, _ := strings.Cut(err.Error(), "\n")
		return first
	case fault.Line > 1:
		return fmt.Sprintf("at line %d, column %d: %s", fault.Line, fault.Column+1, fault.Message)
	}
	return fmt.Sprintf("at column %d: %s", fault.Column+1, fault.Message)
}

// Run evaluates the program. The text of an error is for whoever wrote the expression.
func (p *Program) Run(env Env) (any, error) {
	machine := vm.VM{MemoryBudget: maxMemory}
	value, err := machine.Run(p.program, map[string]any(env))
	if err != nil {
		return nil, errors.New(position(err))
	}
	return value, nil
}

// Holds evaluates a condition; what is neither true nor false is an error.
func (p *Program) Holds(env Env) (bool, error) {
	if p == nil {
		return true, nil
	}
	value, err := p.Run(env)
	if err != nil {
		return false, err
	}
	holds, ok := value.(bool)
	if !ok {
		return false, fmt.Errorf("%s is neither true nor false but %T", p.source, value)
	}
	return holds, nil
}

// Text evaluates an expression to a text: texts as they are, instants by RFC 3339, all
// else as JSON. No value is an error.
func (p *Program) Text(env Env) (string, error) {
	if p == nil {
		return "", nil
	}
	value, err := p.Run(env)
	if err != nil {
		return "", err
	}
	switch v := value.(type) {
	case nil:
		return "", fmt.Errorf("%s has no value", p.source)
	case string:
		return v, nil
	case time.Time:
		return v.Format(time.RFC3339Nano), nil
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("the value of %s cannot be written as text", p.source)
	}
	return string(raw), nil
}
