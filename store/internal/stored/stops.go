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
	// Rooms is how many more executions of platforms with a limit may start.
	Rooms map[string]int
}

// SelectStops reads what stands, for Add; there is hardly ever more than one row.
const SelectStops = `SELECT kind, platform, until, CAST(NULL AS bigint) FROM holds WHERE ended_at IS NULL
	UNION ALL SELECT -1, p.slug, CAST(NULL AS bigint), p.max_running - (SELECT count(*) FROM limited_runs l JOIN executions e ON e.k = l.k
		WHERE l.platform = p.seq AND e.status = 1) FROM platforms p WHERE p.max_running IS NOT NULL`

// SweepLimited forgets executions of a platform that do not run any more.
const SweepLimited = `DELETE FROM limited_runs WHERE platform = (SELECT seq FROM platforms WHERE slug = $1)
	AND NOT EXISTS (SELECT 1 FROM executions e WHERE e.k = limited_runs.k AND e.status = 1)`

// Add adds a row of SelectStops.
func (s *Stops) Add(r *Row, now time.Time) {
	code, platform, until, room := r.Int(), r.Text(), r.TimePtr(), r.Int()
	if code < 0 {
		if s.Rooms == nil {
			s.Rooms = map[string]int{}
		}
		s.Rooms[platform] = int(room)
		return
	}
	kind := Value(HoldKinds, code)
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

// Waits reports whether what becomes due for the platform waits, though a slot is free: for
// its dispatch is held, or because what runs of it is counted where executions are claimed.
func (s *Stops) Waits(platform string) bool {
	return s.Dispatch(platform) || s.Limited(platform)
}

// Limited reports whether only so many executions of the platform may run at once.
func (s *Stops) Limited(platform string) bool {
	_, limited := s.Rooms[platform]
	return limited
}

// Take takes a place for an execution of the platform; false when there is none.
func (s *Stops) Take(platform string) bool {
	room, limited := s.Rooms[platform]
	if limited && room > 0 {
		s.Rooms[platform]--
	}
	return !limited || room > 0
}
