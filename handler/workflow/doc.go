// Package workflow runs workflows. Its handler is called when a workflow begins and when
// something of it has changed: it looks at what became of the steps, starts those whose
// turn it is, and parks, so that a workflow that waits holds no slot. It keeps nothing
// itself: whoever is called next, on whatever node, goes on from what the store says.
package workflow
