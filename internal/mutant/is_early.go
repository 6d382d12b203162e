//go:build mutant_early

package mutant

// Active is the mutant of this build.
const Active = Early
