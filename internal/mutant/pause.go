package mutant

import "time"

// Pause makes the moment longer in which a mutant can be caught.
func Pause() { time.Sleep(20 * time.Millisecond) }
