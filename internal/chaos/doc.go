// Package chaos breaks a schedd, or several that share a store, in every way it can
// and then holds what happened against what was promised.
//
// A History is all that was seen of one run: what the client was answered (Call), what
// the handlers testified outside of the daemons (Mark), what the store holds in the
// end (Job, Row), and what was broken when (Fault). Check is a pure function from a
// history to the invariants that it violates, C1 to C16; docs/chaos.md has the list.
// It shares no code with the daemon: the slots come from package schedule/oracle.
//
// The tests of this package drive real daemons. SCHEDD_CHAOS_SEED repeats a run,
// SCHEDD_CHAOS_SECONDS sets its length, SCHEDD_CHAOS_KEEP names a folder for the
// histories of runs that failed.
package chaos
