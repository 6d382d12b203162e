//go:build mutant_no_fence

package mutant

// Active is the mutant of this build.
const Active = NoFence
