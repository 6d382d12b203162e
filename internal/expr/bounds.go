package expr

import (
	"errors"
	"fmt"

	"github.com/expr-lang/expr/ast"
)

// Bounds of an expression and of one evaluation. Together with a bound on the values they
// bound the time, too: one predicate runs over them, never one within another.
const (
	MaxLen          = 1 << 10 // bytes of the source
	MaxPlaceholders = 100     // of one template
	maxNodes        = 200
	maxDepth        = 32
	maxMemory       = 10_000 // values that an evaluation may make
	maxPattern      = 256    // bytes of a regular expression
)

// nested finds the bracket that opens one level too many; columns count from 1.
func nested(source string) (column int, deep bool) {
	depth := 0
	for i, c := range source {
		switch c {
		case '(', '[', '{':
			if depth++; depth > maxDepth {
				return i + 1, true
			}
		case ')', ']', '}':
			depth--
		}
	}
	return 0, false
}

// guard refuses what a memory budget does not bound: predicates within predicates, whose
// costs multiply, and patterns that are long or computed.
type guard struct{ fault error }

// Visit is called for each node after those below it.
func (g *guard) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.PredicateNode:
		inner := &finder{}
		ast.Walk(&n.Node, inner)
		if inner.found {
			g.fault = errors.New("a predicate such as all, any, filter or map must not stand within another one")
		}
	case *ast.BinaryNode:
		if n.Operator != "matches" {
			return
		}
		switch pattern, written := n.Right.(*ast.StringNode); {
		case !written:
			g.fault = errors.New("matches wants a pattern that is written out, not a computed one")
		case len(pattern.Value) > maxPattern:
			g.fault = fmt.Errorf("has a pattern of %d bytes; at most %d are allowed", len(pattern.Value), maxPattern)
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
