// Package redis is the dispatch queue and the event bus over Redis Streams, for
// several nodes.
//
// Redis may lose everything at any moment: the store knows what waits and announces it
// again, and a group that is gone is made anew. What the streams hold is bounded:
// an execution waits in them once (announce.go), acked messages are deleted, and
// MAXLEN is the backstop.
//
// # Keys
//
//	stream:scheduler:job.dispatch           messages of medium priority, group scheduler-workers
//	stream:scheduler:job.dispatch:critical  and :high, :low
//	stream:scheduler:job.dispatch:held      hash: execution → where its message is
//	stream:scheduler:dlq                    copies of dead letters, for people
//	scheduler:job.created, …                channels, one for each event name
//
// A stream gives its messages in the order in which they came; what is urgent can
// only overtake on a stream of its own. Within a stream the order is that of
// Announce. Age raises a message when it is announced again.
//
// Redis 7.0 or newer is needed, or a server that behaves like it. A user of its own
// needs, on the keys and channels with the prefix, +@stream +@hash +@connection
// +@pubsub +expire +time +type, and +info for Ping to know the version.
package redis
