//go:build mutant_no_cas

package mutant

// Active is the mutant of this build.
const Active = NoCAS
