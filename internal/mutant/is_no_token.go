//go:build mutant_no_token

package mutant

// Active is the mutant of this build.
const Active = NoToken
