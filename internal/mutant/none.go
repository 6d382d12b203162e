//go:build !(mutant_no_cas || mutant_slot_twice || mutant_no_token || mutant_claim_any || mutant_reap_any || mutant_announce_once || mutant_counters_apart || mutant_no_fence || mutant_early || mutant_leak)

package mutant

// Active is the mutant of this build; "" = none.
const Active = ""
