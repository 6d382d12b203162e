package schedule

// wallTimeline is a calendar that follows the clock of a zone: a slot is every
// instant at which the clock shows a match. It walks the stretches of constant
// offset and searches each as plain wall time.
type wallTimeline struct {
	cal  *calendar
	zone *zone
}

// next implements timeline.
func (l wallTimeline) next(after int64) (int64, bool) {
	for from := after + 1; from <= lastSecond; {
		s := l.zone.at(from)
		wall, ok := l.cal.next(from + s.offset)
		if ok && wall-s.offset < s.end {
			return wall - s.offset, true
		}
		settled := s.end-from >= 2*maxOffset // no later stretch shows times before from again
		if !ok && settled {
			return 0, false
		}
		from = s.end
		if ok && settled {
			from = max(from, wall-maxOffset)
		}
	}
	return 0, false
}

// prev implements timeline.
func (l wallTimeline) prev(upto int64) (int64, bool) {
	for to := upto; to >= firstSecond; {
		s := l.zone.at(to)
		wall, ok := l.cal.prev(to + s.offset)
		if ok && wall-s.offset >= s.start {
			return wall - s.offset, true
		}
		settled := to-s.start >= 2*maxOffset // no earlier stretch shows times after to
		if !ok && settled {
			return 0, false
		}
		to = s.start - 1
		if ok && settled {
			to = min(to, wall+maxOffset)
		}
	}
	return 0, false
}

// count implements timeline.
func (l wallTimeline) count(after, upto int64) int64 {
	var n int64
	for from := after + 1; from <= upto; {
		s := l.zone.at(from)
		to := min(upto, s.end-1)
		n += l.cal.count(from-1+s.offset, to+s.offset)
		from = to + 1
	}
	return n
}

// onceTimeline is a calendar under the rule of vixie cron: a match is due at the
// first instant at which the zone's clock reaches or passes it. So a match in a
// gap is due at the first instant after the gap, a repeated one the first time
// round, and matches due at one instant are one slot.
//
// Everything follows from two functions that are inverse to each other and never
// fall: reached, the greatest wall time that the clock has shown up to an
// instant, and firstAt, the first instant at which it has reached a wall time.
type onceTimeline struct {
	cal  *calendar
	zone *zone
}

// next implements timeline.
func (l onceTimeline) next(after int64) (int64, bool) {
	wall, ok := l.cal.next(l.zone.reached(after) + 1)
	if !ok {
		return 0, false
	}
	return l.zone.firstAt(wall), true
}

// prev implements timeline.
func (l onceTimeline) prev(upto int64) (int64, bool) {
	wall, ok := l.cal.prev(l.zone.reached(upto))
	if !ok {
		return 0, false
	}
	return l.zone.firstAt(wall), true
}

// count implements timeline: the matches reached, less those that share the
// instant after a gap with another one.
func (l onceTimeline) count(after, upto int64) int64 {
	n := l.cal.count(l.zone.reached(after), l.zone.reached(upto))
	for s := l.zone.at(after); s.end <= upto; {
		before := l.zone.reached(s.end - 1)
		s = l.zone.at(s.end)
		if merged := l.cal.count(before, s.start+s.offset); merged > 1 {
			n -= merged - 1
		}
	}
	return n
}

// reached returns the greatest wall time that the clock has shown up to an
// instant, this included. It is more than the clock shows after it was set back.
func (z *zone) reached(t int64) int64 {
	s := z.at(t)
	high := t + s.offset
	for s.start+maxOffset > high && s.start > farPast { // an earlier stretch may have shown more
		last := s.start - 1
		s = z.at(last)
		high = max(high, last+s.offset)
	}
	return high
}

// firstAt returns the first instant at which the clock shows a wall time or a
// later one.
func (z *zone) firstAt(wall int64) int64 {
	s := z.at(wall - maxOffset) // the clock shows less at that instant, and ever before
	for wall-s.offset >= s.end {
		s = z.at(s.end)
	}
	return max(wall-s.offset, s.start)
}
