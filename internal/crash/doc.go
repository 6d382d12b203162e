// Package crash holds tests that kill the real schedd, at random instants and in the
// middle of commits, and hold what ran and what was recorded against an outside judge:
// a witness that the commands themselves write, and the brute-force oracle of slots.
//
// SCHEDD_CRASH_KILLS is the number of kills (12), SCHEDD_CRASH_SEED repeats a run.
package crash
