// Package logging makes the daemon's logger.
//
// Lines are queued and written by one goroutine, so that a standard error nobody
// reads never holds up scheduling: when the queue is full, lines are dropped and
// counted, and the count is logged once there is room again. Attributes whose name
// contains a redacted word are masked, and no control character that came with a
// value reaches the terminal.
//
//	log := logging.New(logging.Options{Out: os.Stderr, Format: logging.Auto, Getenv: os.Getenv})
//	defer log.Close(ctx)
package logging
