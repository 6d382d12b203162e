// Package maintain does what must be done now and then: it prolongs the node's lease,
// takes work away from dead sessions, folds counters, ends jobs that are done,
// publishes the outbox, and keeps history and logs within their limits.
package maintain
