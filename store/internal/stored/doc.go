// Package stored is the form in which every adapter keeps its rows: instants as
// microseconds, enums as numbers, execution keys in lists, events and counter deltas
// packed into one blob per operation. Writing these as rows or as JSON would cost as
// much as the operation itself. With it comes what a process remembers of its rows:
// definitions, claims, and what is held.
//
// The forms are part of the schemas: they grow, and are never changed.
package stored
