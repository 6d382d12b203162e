// Package queue holds the two transport ports: the dispatch queue, which rings
// a worker's bell for an execution that is ready, and the event bus.
//
// Neither is the truth. A message may be lost, come twice or come late; the store
// decides who starts what. Losing all of it costs latency, never a run.
package queue
