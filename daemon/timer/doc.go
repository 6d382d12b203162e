// Package timer turns due slots into executions: it plans what is due, starts what
// this node takes at birth, and sleeps until the next slot.
package timer
