package expr

import (
	"errors"
	"fmt"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/types"
	"github.com/expr-lang/expr/vm"
)

// Bounds of an expression and of one evaluation.
const (
	MaxLen   = 1 << 10 // bytes of the source
	maxNodes = 200
	maxDepth = 32
	// memory is how many values an evaluation may make.
	memory = 10_000
	// maxPattern is how long a regular expression may be, in bytes.
	maxPattern = 256
)

// Program is a compiled expression. It is safe for concurrent use.
type Program struct {
	source  string
	program *vm.Program
}

// Compile reads an expression over the names of env, whose values say nothing. The error
// is for people: one line, with the column.
func Compile(source string, names ...string) (*Program, error) {
	return compile(source, names)
}

// CompileCondition is Compile for an expression that must be true or false.
func CompileCondition(source string, names ...string) (*Program, error) {
	return compile(source, names, expr.AsBool(), expr.WarnOnAny())
}

func compile(source string, names []string, options ...expr.Option) (*Program, error) {
	switch {
	case strings.TrimSpace(source) == "":
		return nil, errors.New("is empty")
	case len(source) > MaxLen:
		return nil, fmt.Errorf("has %d bytes; at most %d are allowed", len(source), MaxLen)
	case nesting(source) > maxDepth:
		return nil, fmt.Errorf("is nested deeper than %d levels", maxDepth)
	}
	guard := &guard{}
	options = append(options, expr.Env(unknown(names)), expr.MaxNodes(maxNodes), expr.DisableBuiltin("repeat"), expr.DisableBuiltin("now"), expr.Patch(guard))
	program, err := expr.Compile(source, options...)
	if err != nil {
		return nil, plain(err)
	}
	if guard.fault != nil {
		return nil, guard.fault
	}
	return &Program{source: source, program: program}, nil
}

// unknown is an environment whose names have any value at all.
func unknown(names []string) types.Map {
	env := make(types.Map, len(names))
	for _, name := range names {
		env[name] = types.Any
	}
	return env
}

// nesting is how deep brackets are nested, at most.
func nesting(source string) int {
	depth, most := 0, 0
	for _, c := range source {
		switch c {
		case '(', '[', '{':
			depth++
			most = max(most, depth)
		case ')', ']', '}':
			depth--
		}
	}
	return most
}

// guard refuses what a memory budget does not bound: predicates within predicates, and
// long patterns.
type guard struct{ fault error }

// Visit looks at one node.
func (g *guard) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.PredicateNode:
		inner := &finder{}
		ast.Walk(&n.Node, inner)
		if inner.found {
			g.fault = errors.New("has a predicate within a predicate; one level is allowed")
		}
	case *ast.BinaryNode:
		if pattern, ok := n.Right.(*ast.StringNode); ok && n.Operator == "matches" && len(pattern.Value) > maxPattern {
			g.fault = fmt.Errorf("has a pattern of %d bytes; at most %d are allowed", len(pattern.Value), maxPattern)
		} else if !ok && n.Operator == "matches" {
			g.fault = errors.New("matches a computed pattern; write the pattern out")
		}
	}
}

// finder looks for a predicate.
type finder struct{ found bool }

// Visit looks at one node.
func (f *finder) Visit(node *ast.Node) {
	if _, ok := (*node).(*ast.PredicateNode); ok {
		f.found = true
	}
}

// Run evaluates the program.
func (p *Program) Run(env map[string]any) (any, error) {
	machine := vm.VM{MemoryBudget: memory}
	value, err := machine.Run(p.program, env)
	if err != nil {
		return nil, plain(err)
	}
	return value, nil
}

// Holds evaluates a condition.
func (p *Program) Holds(env map[string]any) (bool, error) {
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

// plain is an error of the library in one line.
func plain(err error) error {
	if fault, ok := errors.AsType[*file.Error](err); ok {
		return fmt.Errorf("%s (column %d)", fault.Message, fault.Column+1)
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(first)
}
