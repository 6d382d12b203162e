package schedule

import "math/bits"

// clock is the time of day that an expression allows: every combination of its
// hours, minutes and seconds. Each word has bit v for the value v.
type clock struct {
	seconds, minutes, hours uint64
}

// least returns the first second of the day.
func (c *clock) least() int64 {
	h, m, s := bits.TrailingZeros64(c.hours), bits.TrailingZeros64(c.minutes), bits.TrailingZeros64(c.seconds)
	return secondOfDay(h, m, s)
}

// greatest returns the last second of the day.
func (c *clock) greatest() int64 {
	h, m, s := bits.Len64(c.hours)-1, bits.Len64(c.minutes)-1, bits.Len64(c.seconds)-1
	return secondOfDay(h, m, s)
}

// perDay returns the number of seconds of the day that match.
func (c *clock) perDay() int64 {
	return int64(bits.OnesCount64(c.hours) * bits.OnesCount64(c.minutes) * bits.OnesCount64(c.seconds))
}

// next returns the first match at or after a second of the day.
func (c *clock) next(second int64) (int64, bool) {
	h, m, s := splitClock(second)
	if c.hours>>h&1 == 1 {
		if c.minutes>>m&1 == 1 {
			if s, ok := atLeast(c.seconds, s); ok {
				return secondOfDay(h, m, s), true
			}
		}
		if m, ok := atLeast(c.minutes, m+1); ok {
			return secondOfDay(h, m, bits.TrailingZeros64(c.seconds)), true
		}
	}
	if h, ok := atLeast(c.hours, h+1); ok {
		return secondOfDay(h, bits.TrailingZeros64(c.minutes), bits.TrailingZeros64(c.seconds)), true
	}
	return 0, false
}

// prev returns the last match at or before a second of the day.
func (c *clock) prev(second int64) (int64, bool) {
	h, m, s := splitClock(second)
	if c.hours>>h&1 == 1 {
		if c.minutes>>m&1 == 1 {
			if s, ok := atMost(c.seconds, s); ok {
				return secondOfDay(h, m, s), true
			}
		}
		if m > 0 {
			if m, ok := atMost(c.minutes, m-1); ok {
				return secondOfDay(h, m, bits.Len64(c.seconds)-1), true
			}
		}
	}
	if h > 0 {
		if h, ok := atMost(c.hours, h-1); ok {
			return secondOfDay(h, bits.Len64(c.minutes)-1, bits.Len64(c.seconds)-1), true
		}
	}
	return 0, false
}

// upTo returns the number of matches at or before a second of the day.
func (c *clock) upTo(second int64) int64 {
	h, m, s := splitClock(second)
	below := func(word uint64, v int) int { return bits.OnesCount64(word & (1<<v - 1)) }
	n := below(c.hours, h) * bits.OnesCount64(c.minutes) * bits.OnesCount64(c.seconds)
	if c.hours>>h&1 == 1 {
		n += below(c.minutes, m) * bits.OnesCount64(c.seconds)
		if c.minutes>>m&1 == 1 {
			n += below(c.seconds, s+1)
		}
	}
	return int64(n)
}

// secondOfDay is the inverse of splitClock.
func secondOfDay(h, m, s int) int64 { return int64(h*3600 + m*60 + s) }

// splitClock splits a second of the day.
func splitClock(second int64) (h, m, s int) {
	v := uint32(second)
	return int(v / 3600), int(v / 60 % 60), int(v % 60)
}
