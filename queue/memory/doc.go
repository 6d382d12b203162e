// Package memory is the dispatch queue and the event bus inside one process:
// what a single schedd needs, and what tests use.
//
// Nothing survives the process, and nothing has to: the store knows what waits
// and announces it again. Both are bounded; what does not fit is dropped and
// counted.
//
// The queue asks Options.Now how long messages have waited, and blocks on the
// runtime's timers, so that it belongs in a synctest bubble like any other code.
package memory
