//go:build mutant_counters_apart

package mutant

// Active is the mutant of this build.
const Active = CountersApart
