package stored

import (
	"time"

	"github.com/agentic-sdlc/scheduler/store"
)

// Stops is what holds keep from happening at one moment. The zero value is nothing.
type Stops struct {
	Maintenance bool
	All         bool // dispatch of every platform
	Platforms   map[string]bool
	Expired     bool // a hold is past its until and not marked as ended
}

// SelectStops reads what stands, for Add; there is hardly ever more than one row.
const SelectStops = `SELECT kind, platform, until FROM holds WHERE ended_at IS NULL`

// Add adds a row of SelectStops.
func (s *Stops) Add(r *Row, now time.Time) {
	kind, platform, until := Value(HoldKinds, r.Int()), r.Text(), r.TimePtr()
	switch {
	case until != nil && !until.After(now):
		s.Expired = true
	case kind == store.HoldMaintenance:
		s.Maintenance = true
	case platform == "":
		s.All = true
	default:
		if s.Platforms == nil {
			s.Platforms = map[string]bool{}
		}
		s.Platforms[platform] = true
	}
}

// Dispatch reports whether nothing of the platform may start.
func (s *Stops) Dispatch(platform string) bool {
	return s.Maintenance || s.All || s.Platforms[platform]
}
