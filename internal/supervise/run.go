package supervise

import "time"

// How long things may take.
const (
	defaultGrace   = 5 * time.Second
	settle         = 250 * time.Millisecond // what a command left may end by itself, e.g. flush
	deadAfterKill  = 2 * time.Second        // after that it survives SIGKILL, for us
	helloWithin    = 20 * time.Second       // a chain that has not answered by then failed to start
	chainWithin    = 30 * time.Second       // Run waits so long for a new chain
	sendWithin     = 20 * time.Second       // a supervisor that takes nothing so long hangs
	silentFor      = 15 * time.Second       // a supervisor that says nothing so long after a kill hangs
	guardGone      = 5 * time.Second        // a guard whose lifeline is cut is gone by then
	buryWithin     = 5 * time.Second
	staleZombie    = time.Second // nobody else waits for a zombie of this age
	firstBackoff   = 100 * time.Millisecond
	longestBackoff = 10 * time.Second
	poll           = 10 * time.Millisecond
	slowPoll       = time.Second
	never          = time.Hour // nothing is due: an event will come first
)

// The package takes the time, always monotonic, from here only.

func clock() time.Time { return time.Now() }

func after(d time.Duration) *time.Timer { return time.NewTimer(d) }
