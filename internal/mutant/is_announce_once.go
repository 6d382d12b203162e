//go:build mutant_announce_once

package mutant

// Active is the mutant of this build.
const Active = AnnounceOnce
