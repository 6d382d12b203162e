// Package alert says when people must be told, and what becomes of it.
//
// A Rule compares a metric with a value. Metrics of a window are counted over the rule's
// duration, gauges must be beyond the value for as long, and metrics of jobs find every job
// that is not as it should be: see Judge. An Alert is one breach of one rule, by one job or
// by a platform: it fires, may be acknowledged or silenced, and is resolved, by itself or by
// somebody. While it is not, no other of the same key comes into being.
//
// The package is pure: figures, instants and ids come in as parameters.
package alert
