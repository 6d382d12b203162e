// Package daemon puts the parts together: it is the one place that knows the
// adapters, and the one that starts and stops components.
//
// Start: store, session, handlers, components, listener last. Stop: the listener and
// the planner first, then the executor drains while heartbeats go on, then the rest,
// then the store.
package daemon
