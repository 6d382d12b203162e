package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"github.com/agentic-sdlc/scheduler/job"
)

// Bounds of expressions. With data of at most MaxData they bound the time, too: one
// predicate runs over what the event carries, never one within another.
const (
	maxNodes  = 200
	maxMemory = 10_000 // elements that an evaluation may make
)

// program is a compiled expression; nil = none was given.
type program struct {
	vm *vm.Program
}

// about is what expressions call "event".
type about struct {
	ID       string    `expr:"id"`
	Name     string    `expr:"name"`
	Platform string    `expr:"platform"`
	At       time.Time `expr:"at"`
	Depth    int       `expr:"depth"`
}

// scope is what an expression sees: nothing else exists.
type scope map[string]any

// names are the types of what expressions over events see.
func names() scope {
	return scope{"data": map[string]any{}, "event": about{}, "at": atFunc(time.Time{})}
}

// scopeOf returns what expressions see of an event.
func scopeOf(e *Event) (scope, error) {
	data, err := decode(e.Data)
	if err != nil {
		return nil, err
	}
	return scope{"data": data, "event": about{ID: e.ID, Name: e.Name, Platform: e.Platform, At: e.At, Depth: e.Depth}, "at": atFunc(e.At)}, nil
}

// decode reads an object; whole numbers become int, so that they stay what they are.
func decode(raw json.RawMessage) (map[string]any, error) {
	if len(raw) == 0 {
		return map[string]any{}, nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var object map[string]any
	if err := dec.Decode(&object); err != nil {
		return nil, err
	}
	return numbers(object).(map[string]any), nil
}

// numbers replaces numbers by what expressions reckon with.
func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return int(n)
		}
		f, _ := v.Float64()
		return f
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	}
	return v
}

// condition compiles an expression that is true or false.
func condition(text string) (*program, error) {
	return compile(text, names(), expr.AsBool())
}

// expression compiles an expression of any type.
func expression(text string) (*program, error) {
	return compile(text, names())
}

func compile(text string, names scope, options ...expr.Option) (*program, error) {
	switch {
	case strings.TrimSpace(text) == "":
		return nil, nil //nolint:nilnil // none was given
	case len(text) > job.MaxConditionLen:
		return nil, fmt.Errorf("has %d bytes; at most %d are allowed", len(text), job.MaxConditionLen)
	}
	flat := &flatness{}
	options = append(options, expr.Env(map[string]any(names)), expr.MaxNodes(maxNodes), expr.DisableBuiltin("repeat"), expr.DisableBuiltin("now"),
		expr.Patch(flat))
	compiled, err := expr.Compile(text, options...)
	if err != nil {
		return nil, errors.New(position(err))
	}
	if flat.nested {
		return nil, errors.New("a predicate such as all, any, filter or map must not stand within another one")
	}
	return &program{vm: compiled}, nil
}

// position says what a fault of an expression is, and where.
func position(err error) string {
	fault, ok := errors.AsType[*file.Error](err)
	if !ok {
		return err.Error()
	}
	message := fault.Message
	if fault.Line > 1 {
		return fmt.Sprintf("at line %d, column %d: %s", fault.Line, fault.Column+1, message)
	}
	return fmt.Sprintf("at column %d: %s", fault.Column+1, message)
}

// flatness finds predicates within predicates: their cost multiplies.
type flatness struct {
	nested bool
}

// Visit is called for each node after those below it.
func (f *flatness) Visit(node *ast.Node) {
	if p, ok := (*node).(*ast.PredicateNode); ok && !f.nested {
		inner := &predicates{}
		ast.Walk(&p.Node, inner)
		f.nested = inner.count > 0
	}
}

type predicates struct{ count int }

// Visit counts.
func (p *predicates) Visit(node *ast.Node) {
	if _, ok := (*node).(*ast.PredicateNode); ok {
		p.count++
	}
}

// eval evaluates a program. The text of an error is for whoever wrote the expression.
func (p *program) eval(s scope) (any, error) {
	machine := vm.VM{MemoryBudget: maxMemory}
	out, err := machine.Run(p.vm, map[string]any(s))
	if err != nil {
		return nil, errors.New(position(err))
	}
	return out, nil
}

// holds evaluates a condition; none holds.
func (p *program) holds(s scope) (bool, error) {
	if p == nil {
		return true, nil
	}
	out, err := p.eval(s)
	if err != nil {
		return false, err
	}
	ok, _ := out.(bool)
	return ok, nil
}

// text evaluates an expression to a text; none is "".
func (p *program) text(s scope) (string, error) {
	if p == nil {
		return "", nil
	}
	out, err := p.eval(s)
	if err != nil {
		return "", err
	}
	return textOf(out)
}

// textOf writes a value into a text: text as it is, everything else as JSON.
func textOf(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", errors.New("there is no value")
	case string:
		return v, nil
	case time.Time:
		return v.Format(time.RFC3339Nano), nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return "", errors.New("the value cannot be written as text")
	}
	return string(raw), nil
}

// compileWhen compiles the condition of a job that a schedule makes run.
func compileWhen(text string) (*program, error) {
	return compile(text, whenNames(), expr.AsBool())
}
