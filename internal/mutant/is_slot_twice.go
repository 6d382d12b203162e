//go:build mutant_slot_twice

package mutant

// Active is the mutant of this build.
const Active = SlotTwice
