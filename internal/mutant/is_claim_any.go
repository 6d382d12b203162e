//go:build mutant_claim_any

package mutant

// Active is the mutant of this build.
const Active = ClaimAny
