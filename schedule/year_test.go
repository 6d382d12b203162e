package schedule

import (
	"testing"
	"time"
)

// TestDates compares the conversions with package time.
func TestDates(t *testing.T) {
	t.Parallel()
	epoch := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	for day := dayOf(0, 12); day < dayOf(10000, 1); day += 1 + day&3 {
		want := epoch.AddDate(0, 0, int(day))
		year, month, dom := dateOf(day)
		if year != want.Year() || month != int(want.Month()) || dom != want.Day() {
			t.Fatalf("dateOf(%d) = %d-%d-%d, want %s", day, year, month, dom, want.Format(time.DateOnly))
		}
		if got := dayOf(year, month) + int64(dom) - 1; got != day {
			t.Fatalf("dayOf(%s) = %d, want %d", want.Format(time.DateOnly), got, day)
		}
		if got := weekday(day); got != int(want.Weekday()) {
			t.Fatalf("weekday(%s) = %d, want %d", want.Format(time.DateOnly), got, want.Weekday())
		}
	}
}

// TestKinds: two years of one kind have the same calendar, and there are 14 kinds.
func TestKinds(t *testing.T) {
	t.Parallel()
	type calendar struct {
		leap bool
		jan1 time.Weekday
	}
	seen := map[int]calendar{}
	for year := 1; year < 10000; year++ {
		jan1 := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		c := calendar{time.Date(year, 2, 29, 0, 0, 0, 0, time.UTC).Day() == 29, jan1.Weekday()}
		if have, ok := seen[kindOf(year)]; ok && have != c {
			t.Fatalf("kind %d of %d is %v and %v", kindOf(year), year, have, c)
		}
		seen[kindOf(year)] = c
	}
	if len(seen) != yearKinds {
		t.Errorf("%d kinds of years, want %d", len(seen), yearKinds)
	}
}
