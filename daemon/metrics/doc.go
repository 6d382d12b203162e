// Package metrics is what Prometheus reads of a node: counters of what this node did, and
// gauges of what the store has. The number of series is bounded however many jobs,
// executions and platforms there are: no label has a name that users choose.
package metrics
