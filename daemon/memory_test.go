package daemon

import "testing"

func TestGarbageGrowsWithTheRoom(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{0: roomy, 1 << 20: roomy, room / 5: roomy, room / 4: 300, room / 2: modest, room: modest, 1 << 40: modest} {
		if got := percentOf(live); got != want {
			t.Errorf("percentOf(%d) = %d, want %d", live, got, want)
		}
	}
}
