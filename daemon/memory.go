package daemon

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

const (
	// roomy is how far garbage may grow, as a multiple of what lives in percent, while
	// that is little; modest is Go's own, once all of it fills the room.
	roomy, modest = 400, 100
	// room is what the heap may take, in bytes, before it is held to modest.
	room = 64 << 20
)

// SpendMemory lets the collector of garbage wait longer than it would: what a node
// works with for long is small, and most of what it allocates for a batch of
// executions is garbage a moment later; a third of the processor's time went into
// looking for the rest. The more lives, the less of it. GOGC and GOMEMLIMIT in the
// environment are left alone.
var SpendMemory = sync.OnceFunc(func() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		(&cycle{}).watch()
	}
})

// cycle is garbage at once: its finalizer tells of each collection.
type cycle struct {
	percent int
	_       [16]byte // keeps it out of the blocks that tiny objects share
}

func (c *cycle) watch() {
	if percent := percentOf(living()); percent != c.percent {
		c.percent = percent
		debug.SetGCPercent(percent)
	}
	runtime.SetFinalizer(&cycle{percent: c.percent}, (*cycle).watch)
}

// living is how much the last collection found in use, in bytes.
func living() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// percentOf says how far garbage may grow where so many bytes live.
func percentOf(live uint64) int {
	share := math.Floor((float64(room)/float64(max(live, 1)) - 1) * 100)
	return int(max(modest, min(share, roomy)))
}
