//go:build mutant_reap_any

package mutant

// Active is the mutant of this build.
const Active = ReapAny
