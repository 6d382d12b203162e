// Package expr evaluates what users write between "${" and "}" and after "when:", in the
// language of github.com/expr-lang/expr. Everything is bounded: the length and the depth
// of an expression, its nodes, the memory and the steps of an evaluation. There is no
// clock and no randomness in it: the same expression over the same values is the same.
package expr
