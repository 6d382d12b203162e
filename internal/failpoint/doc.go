// Package failpoint lets crash tests stop the program at a named place.
//
// Only builds with the tag "failpoint" have any: others compile Hit to nothing. The
// environment says what happens where: SCHEDD_FAILPOINTS="before_commit=kill@20"
// kills the process with SIGKILL when that place is reached for the 20th time.
// Actions are kill, stop (SIGSTOP), panic and exit. SCHEDD_FAILPOINT_CLOCK names a file
// whose duration moves the wall clock of the process.
package failpoint
