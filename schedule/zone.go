package schedule

import (
	"sort"
	"sync"
	"time"
	_ "time/tzdata" // every binary knows every zone, whatever the machine has
)

// LoadZone returns the location of an IANA time zone, such as "Europe/Berlin" or
// "UTC". It refuses, with an [*Error], names that no zone has and names that mean
// something else on each machine: "", "Local", paths. Zones are cached.
func LoadZone(name string) (*time.Location, error) {
	z, err := loadZone(name)
	if err != nil {
		return nil, err
	}
	return z.loc, nil
}

// zones caches a *zone by its name. Only names that exist get in, so it is
// bounded by the time-zone database.
var zones sync.Map

// utc is the zone of a spec without one.
var utc = newZone(time.UTC)

// zoneOf returns the zone of a spec, where no name is UTC.
func zoneOf(name string) (*zone, error) {
	if name == "" {
		return utc, nil
	}
	return loadZone(name)
}

// loadZone returns the zone of a name.
func loadZone(name string) (*zone, error) {
	if z, ok := zones.Load(name); ok {
		return z.(*zone), nil
	}
	if !plausibleZone(name) {
		return nil, unknownZone(name)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, unknownZone(name)
	}
	z, _ := zones.LoadOrStore(name, newZone(loc))
	return z.(*zone), nil
}

// stretch is a time during which a zone keeps one offset.
type stretch struct {
	start  int64 // first instant
	end    int64 // first instant after it
	offset int64 // seconds east of UTC
}

const (
	// farPast and farFuture bound the stretches that have no transition there.
	farPast   = firstSecond - 1000*secondsPerDay
	farFuture = lastSecond + 1000*secondsPerDay

	// tableStart and tableEnd, 1970 and 2100, are where the stretches of a zone
	// are kept. Elsewhere time.ZoneBounds is asked, which takes ten times as long.
	tableStart = 0
	tableEnd   = 4102444800

	// maxOffset is more than any offset ever was (Manila had −15:56:08).
	maxOffset = 25 * 60 * 60
)

// zone is a time zone as a sequence of stretches. It is immutable.
type zone struct {
	loc     *time.Location
	starts  []int64 // starts of the stretches that are kept; the last one ends them
	offsets []int64 // offsets of the stretches, one less than starts
}

// newZone walks the stretches of a location once.
func newZone(loc *time.Location) *zone {
	z := &zone{loc: loc}
	for t := int64(tableStart); ; {
		s := lookup(loc, t)
		if n := len(z.offsets); n == 0 {
			z.starts = append(z.starts, s.start)
			z.offsets = append(z.offsets, s.offset)
		} else if z.offsets[n-1] != s.offset { // not only the abbreviation changed
			z.starts = append(z.starts, s.start)
			z.offsets = append(z.offsets, s.offset)
		}
		if t = s.end; t >= tableEnd {
			z.starts = append(z.starts, t)
			return z
		}
	}
}

// at returns the stretch around an instant. Outside of the table a stretch may be
// a part of a longer one.
func (z *zone) at(t int64) stretch {
	n := len(z.offsets)
	if t < z.starts[0] || t >= z.starts[n] {
		return lookup(z.loc, t)
	}
	i := sort.Search(n, func(i int) bool { return z.starts[i+1] > t })
	return stretch{start: z.starts[i], end: z.starts[i+1], offset: z.offsets[i]}
}

// lookup asks the location for the stretch around an instant.
func lookup(loc *time.Location, t int64) stretch {
	u := time.Unix(t, 0).In(loc)
	_, offset := u.Zone()
	s := stretch{start: farPast, end: farFuture, offset: int64(offset)}
	start, end := u.ZoneBounds()
	if !start.IsZero() {
		s.start = start.Unix()
	}
	if !end.IsZero() {
		s.end = end.Unix()
	}
	if s.end <= t {
		// For 31 December of a leap year, where only the zone's rule is left, Go
		// 1.26 ends the stretch 365 days after 1 January. Nothing changes in the
		// rest of that day; without this every walk would stand still there.
		day, _ := splitDay(t)
		s.end = (day + 1) * secondsPerDay
	}
	return s
}
