// Package workflow is what a workflow is and decides: named steps that need each other,
// and which of them start next. It is pure: what became of the steps, and what their
// expressions say, comes in.
package workflow
