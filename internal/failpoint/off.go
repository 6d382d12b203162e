//go:build !failpoint

package failpoint

import "time"

// Enabled reports whether this build has failpoints.
const Enabled = false

// Hit does nothing in this build.
func Hit(string) {}

// Skew returns 0 in this build.
func Skew() time.Duration { return 0 }
