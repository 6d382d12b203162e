// Package mutant names faults that a build can have on purpose, so that the chaos
// tests can show that they would find them. A build has at most one, chosen by a
// build tag: mutant_no_token and so on. Without a tag Active is empty, and the
// compiler removes every comparison with it.
package mutant

// The mutants.
const (
	NoCAS         = "no_cas"         // planners neither lock a cursor nor compare it before they move it
	SlotTwice     = "slot_twice"     // NoCAS, and nothing keeps a slot from having two rows
	NoToken       = "no_token"       // settling asks neither for the session nor for the token
	ClaimAny      = "claim_any"      // claiming does not ask whether somebody claimed before
	ReapAny       = "reap_any"       // the reaper does not look at the lease
	AnnounceOnce  = "announce_once"  // what was announced in vain is not announced again
	CountersApart = "counters_apart" // counters change in a transaction of their own
	NoFence       = "no_fence"       // a node whose lease is over goes on with what runs
	Early         = "early"          // the timer is 300 ms ahead
	Leak          = "leak"           // payloads are in the log at level debug; for the tests of canaries
)

// All lists those that the chaos tests find.
func All() []string {
	return []string{NoCAS, SlotTwice, NoToken, ClaimAny, ReapAny, AnnounceOnce, CountersApart, NoFence, Early}
}
