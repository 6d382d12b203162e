// Package events decides what events make happen, on every node: what came in by the API
// or by Redis, and schedd's own events. The store sees to it that one node at a time does
// so, and that each event acts once.
package events
