//go:build mutant_leak

package mutant

// Active is the mutant of this build.
const Active = Leak
