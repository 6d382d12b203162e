package schedule_test

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/schedule"
	"github.com/agentic-sdlc/scheduler/schedule/oracle"
)

// long makes the tests over all zones complete instead of sampled.
var long = os.Getenv("SCHEDULE_LONG") != ""

// zoneExprs meet a change of offset in different ways.
var zoneExprs = []string{
	"30 2 * * *", "0 0 * * *", "15,45 1,2 * * *", "5 0-4 * * *",
	"0 */2 * * *", "*/20 * * * *", "0 * * * *", "*/7 1-3 * * *", "10-50/20 * * * *",
	"30 1 * * SUN,MON", "0 3 L * FRI#2,6L", "30 23 15W * 1-7",
}

// TestAllZones compares, for every IANA zone and its changes of offset from 2000
// to 2040, every slot around the change with the oracle, under both policies. The
// normal run takes two changes a zone; SCHEDULE_LONG=1 takes all.
func TestAllZones(t *testing.T) {
	t.Parallel()
	names := schedule.Zones()
	if len(names) < 590 {
		t.Fatalf("only %d zones", len(names))
	}
	work := make(chan string)
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for name := range work {
				checkZone(t, name)
			}
		})
	}
	for _, name := range names {
		work <- name
	}
	close(work)
	group.Wait()
}

// checkZone checks the changes of one zone.
func checkZone(t *testing.T, name string) {
	loc, err := schedule.LoadZone(name)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	step := 7 * 24 * time.Hour
	if long {
		step = time.Hour
	}
	changes := transitions(loc, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2041, 1, 1, 0, 0, 0, 0, time.UTC), step)
	if !long {
		changes = sample(name, changes, 2)
	}
	compiled := compileZone(t, name)
	for _, at := range changes {
		from, to := at.Add(-48*time.Hour), at.Add(48*time.Hour)
		clock, err := oracle.Walk(name, from, to, time.Minute)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		for _, c := range compiled {
			want := c.rule.Slots(clock)
			diff := checkSlots(c.schedule, from, to, want)
			for _, edge := range edges {
				if diff == "" {
					diff = checkEdge(c.schedule, at.Add(edge), to, want)
				}
			}
			if diff != "" {
				t.Errorf("%s %s dst=%s around %s: %s", name, c.spec.Expr, c.spec.DST, at.Format(time.RFC3339), diff)
			}
		}
	}
}

// edges are where searches start and end, relative to a change of offset: before
// it, in the hour that it repeats, and after.
var edges = []time.Duration{
	-2 * time.Hour, -time.Hour, -time.Second, 0, 1, time.Second, 14*time.Minute + 1, 30 * time.Minute,
	45 * time.Minute, time.Hour - 1, time.Hour, 100 * time.Minute, 2 * time.Hour, 23 * time.Hour,
}

// checkEdge compares Next, Prev and Count at one instant with the slots wanted
// around it; the last of them is before to.
func checkEdge(s *schedule.Schedule, at, to time.Time, want []time.Time) string {
	n := 0
	for n < len(want) && !want[n].After(at) {
		n++
	}
	if got := s.Count(at, to.Add(-1)); got != int64(len(want)-n) {
		return fmt.Sprintf("Count after %s: got %d, want %d", at, got, len(want)-n)
	}
	if n < len(want) {
		if diff := diffSlots("Next after "+at.String(), []time.Time{s.Next(at)}, want[n:n+1]); diff != "" {
			return diff
		}
	}
	if n > 0 {
		return diffSlots("Prev of "+at.String(), []time.Time{s.Prev(at)}, want[n-1:n])
	}
	return ""
}

// zoneCase is an expression as both sides read it.
type zoneCase struct {
	spec     schedule.Spec
	schedule *schedule.Schedule
	rule     *oracle.Rule
}

// compileZone compiles all expressions for a zone.
func compileZone(t *testing.T, name string) []zoneCase {
	var cases []zoneCase
	for _, expr := range zoneExprs {
		for _, dst := range []schedule.DSTPolicy{schedule.DSTOnce, schedule.DSTWall} {
			spec := schedule.Spec{Expr: expr, Zone: name, DST: dst}
			s, err := schedule.New(spec)
			if err != nil {
				t.Errorf("New(%+v): %v", spec, err)
				continue
			}
			rule, err := oracle.Parse(judge(spec))
			if err != nil {
				t.Errorf("oracle.Parse(%+v): %v", spec, err)
				continue
			}
			cases = append(cases, zoneCase{spec, s, rule})
		}
	}
	return cases
}

// sample takes n elements, always the same for a name.
func sample(name string, all []time.Time, n int) []time.Time {
	if len(all) <= n {
		return all
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	random := rand.New(rand.NewPCG(h.Sum64(), 1))
	picked := make([]time.Time, 0, n)
	for _, i := range random.Perm(len(all))[:n] {
		picked = append(picked, all[i])
	}
	return picked
}
