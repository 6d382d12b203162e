package job_test

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/agentic-sdlc/scheduler/job"
)

// high is the part of an id that stores use as a key.
func high(id job.ID) uint64 { return binary.BigEndian.Uint64(id[:8]) }

// checkRising fails unless ids rise strictly, as a whole, in their first 64 bits and
// as text, and are version 7 UUIDs.
func checkRising(t rapid.TB, ids []job.ID) {
	t.Helper()
	for i, id := range ids {
		if id[6]>>4 != 7 || id[8]>>6 != 2 {
			t.Fatalf("%s is not a version 7 UUID of variant 2", id)
		}
		if i == 0 {
			continue
		}
		before := ids[i-1]
		if high(id) <= high(before) || bytes.Compare(id[:], before[:]) <= 0 || id.String() <= before.String() {
			t.Fatalf("id %d, %s, does not come after %s", i, id, before)
		}
	}
}

// TestIDsRise whatever the clock does.
func TestIDsRise(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := job.IDs{Rand: rand.Reader}
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		var ids []job.ID
		for range rapid.IntRange(1, 10).Draw(t, "steps") {
			move := rapid.SampledFrom([]int64{0, 0, 1, 999, 1000, 5_000_000, -1, -1000, -3_600_000_000, -86_400_000_000}).Draw(t, "microseconds")
			now = now.Add(time.Duration(move) * time.Microsecond)
			for range rapid.SampledFrom([]int{1, 1, 2, 9, 4500}).Draw(t, "ids") {
				ids = append(ids, g.New(now))
			}
		}
		checkRising(t, ids)
	})
}

// TestIDsOfLanes: generators of different lanes never share the first 64 bits, though
// their clocks agree, and those of each rise.
func TestIDsOfLanes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seen := map[uint64]bool{}
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		gens := make([]job.IDs, rapid.IntRange(1, 5).Draw(t, "nodes"))
		made := make([][]job.ID, len(gens))
		for i := range gens {
			gens[i].Rand = rand.Reader
			gens[i].UseLane(job.Lanes - 1 - i)
		}
		for range rapid.IntRange(1, 10).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.SampledFrom([]int{0, 1, -3, 50}).Draw(t, "milliseconds")) * time.Millisecond)
			for i := range gens {
				for range rapid.SampledFrom([]int{1, 2, 200}).Draw(t, "ids") {
					made[i] = append(made[i], gens[i].New(now))
				}
			}
		}
		for _, ids := range made {
			checkRising(t, ids)
			for _, id := range ids {
				if seen[high(id)] {
					t.Fatalf("%s has the first half of an id of another lane", id)
				}
				seen[high(id)] = true
			}
		}
	})
}

// TestIDsConcurrently: no two alike, and each caller's rise.
func TestIDsConcurrently(t *testing.T) {
	t.Parallel()
	const callers, each = 8, 5_000
	g := job.IDs{Rand: rand.Reader}
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	all := make([][]job.ID, callers)
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				back := time.Duration((i*7+c*13)%50) * time.Millisecond
				all[c] = append(all[c], g.New(start.Add(time.Duration(i)*time.Microsecond-back)))
			}
		})
	}
	wg.Wait()
	for _, ids := range all {
		checkRising(t, ids)
	}
	joined := slices.Concat(all...)
	slices.SortFunc(joined, func(a, b job.ID) int { return bytes.Compare(a[:], b[:]) })
	checkRising(t, joined)
}

// TestIDsAfterRestart: a generator that was told the newest id goes on after it even
// when the clock went back in between.
func TestIDsAfterRestart(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	first := job.IDs{Rand: rand.Reader}
	var ids []job.ID
	for range 10_000 {
		ids = append(ids, first.New(now))
	}
	second := job.IDs{Rand: rand.Reader}
	second.After(ids[len(ids)-1])
	second.After(ids[0]) // an older one changes nothing
	for range 10_000 {
		ids = append(ids, second.New(now.Add(-time.Hour)))
	}
	checkRising(t, ids)
	fresh := job.IDs{Rand: rand.Reader}
	fresh.After(job.ID{})
	if got := fresh.New(now); !got.Time().Equal(now) {
		t.Errorf("an id made at %v after none at all says %v", now, got.Time())
	}
}

// TestIDTime: an id tells when it was made, to the millisecond, unless it had to run
// ahead of the clock, by a millisecond for each 4 096 ids.
func TestIDTime(t *testing.T) {
	t.Parallel()
	g := job.IDs{Rand: rand.Reader}
	now := time.Date(2026, 3, 1, 12, 0, 0, 987_654_000, time.UTC)
	if got, want := g.New(now).Time(), now.Truncate(time.Millisecond); !got.Equal(want) {
		t.Errorf("Time() = %v, want %v", got, want)
	}
	var last job.ID
	for range 3 * 4096 {
		last = g.New(now)
	}
	if ahead := last.Time().Sub(now.Truncate(time.Millisecond)); ahead < 2*time.Millisecond || ahead > 3*time.Millisecond {
		t.Errorf("after 12 288 ids in one millisecond the last is %v ahead, want 3 ms", ahead)
	}
}

// TestIDText reads what it writes, and nothing else.
func TestIDText(t *testing.T) {
	t.Parallel()
	g := job.IDs{Rand: rand.Reader}
	id := g.New(time.Now())
	text, err := id.MarshalText()
	if err != nil || string(text) != id.String() {
		t.Fatalf("MarshalText = %q, %v; want %q", text, err, id)
	}
	var back job.ID
	if err := back.UnmarshalText(text); err != nil || back != id {
		t.Errorf("UnmarshalText(%q) = %v, %v", text, back, err)
	}
	if upper, err := job.ParseID("019B8DA8-3C00-7ABC-8DEF-0123456789AB"); err != nil || upper.String() != "019b8da8-3c00-7abc-8def-0123456789ab" {
		t.Errorf("ParseID of upper case = %v, %v", upper, err)
	}
	if none, err := (job.ID{}).MarshalText(); err != nil || len(none) != 0 {
		t.Errorf("MarshalText of none = %q, %v; want nothing", none, err)
	}
	for _, bad := range []string{
		"x", "019b8da8-3c00-7abc-8def-0123456789a", "019b8da8-3c00-7abc-8def-0123456789abc", "019b8da83c007abc8def0123456789ab",
		"019b8da8_3c00-7abc-8def-0123456789ab", "019b8da8-3c00-7abc-8def-0123456789ag", "{19b8da8-3c00-7abc-8def-0123456789a}", "",
	} {
		if got, err := job.ParseID(bad); err == nil {
			t.Errorf("ParseID(%q) = %v, want an error", bad, got)
		} else if job.CodeOf(err) != job.Invalid {
			t.Errorf("ParseID(%q) has code %q, want invalid", bad, job.CodeOf(err))
		}
	}
}
