// Package flow wakes workflows whose steps are over, and stops steps whose workflow is.
// Whoever settles a step looks at once; a look each second finds what a node left that
// died in between.
package flow
