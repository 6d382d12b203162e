// Package dispatch announces executions that wait for a worker: a window of them,
// about twice the free slots, chosen by the store. What is announced in vain is
// announced again; the store alone decides who runs what.
package dispatch
