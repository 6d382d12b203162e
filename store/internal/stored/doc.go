// Package stored is the form in which every adapter keeps what it need not look
// into: enums as numbers, execution keys in lists, events and counter deltas packed
// into one blob per operation. Writing these as rows or as JSON would cost as much
// as the operation itself.
//
// The forms are part of the schemas: they grow, and are never changed.
package stored
