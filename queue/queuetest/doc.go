// Package queuetest holds every adapter of the queue ports to the same behaviour.
//
// An adapter's own test opens it and calls Run and RunBus:
//
//	func TestQueue(t *testing.T) {
//		queuetest.Run(t, func(*testing.T) queue.Queue { return memory.New(memory.Options{}) },
//			queuetest.Features{Ageing: true, Turns: true, Unique: true, Bubble: true})
//	}
package queuetest
