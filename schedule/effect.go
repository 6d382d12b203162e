package schedule

import (
	"fmt"
	"math/bits"
	"time"
)

// Kinds of an Effect.
const (
	EffectGap    = "gap"    // the clock jumps over times of the schedule
	EffectRepeat = "repeat" // the clock shows times of the schedule twice
)

// Effect is what one change of the zone's offset does to a schedule, under
// either DST policy.
type Effect struct {
	At    time.Time // At is the instant of the change, in UTC.
	Kind  string    // Kind is EffectGap or EffectRepeat.
	Local string    // Local is the wall time concerned, "02:30", or the first and last of several.
	Count int64     // Count is the number of wall times concerned, at least 1.
	Once  string    // Once is what dst_policy "once" does, such as "runs at 03:00 -04:00".
	Wall  string    // Wall is what dst_policy "wall" does, such as "skips the day".
}

// String says the effect as one sentence without a period: `02:30 does not exist;
// dst_policy "once" runs at 03:00 -04:00, "wall" skips the day`.
func (e Effect) String() string {
	what := map[string][2]string{
		EffectGap:    {"does not exist", "do not exist"},
		EffectRepeat: {"happens twice", "happen twice"},
	}[e.Kind][min(e.Count, 2)-1]
	if e.Once == e.Wall {
		return fmt.Sprintf("%s %s; the schedule follows the clock and %s", e.Local, what, e.Once)
	}
	return fmt.Sprintf(`%s %s; dst_policy "once" %s, "wall" %s`, e.Local, what, e.Once, e.Wall)
}

// DSTEffects returns what the changes of the zone's offset in [from, to) do to
// the schedule, in order. Changes that an even spacing hides, such as an hour
// more or less to a schedule that runs every 15 minutes, are left out, and so
// are changes outside of the limits. Intervals and one-time schedules have none.
func (s *Schedule) DSTEffects(from, to time.Time) []Effect {
	if s.cron == nil {
		return nil
	}
	first, end := max(ceil(from), s.lo), min(ceil(to), s.hi+1)
	var effects []Effect
	for a := s.zone.at(first - 1); a.end < end; {
		b := s.zone.at(a.end)
		if e, ok := s.effect(a, b); ok {
			effects = append(effects, e)
		}
		a = b
	}
	return effects
}

// effect returns what the change from stretch a to stretch b does.
func (s *Schedule) effect(a, b stretch) (Effect, bool) {
	lo, hi := b.start+a.offset, b.start+b.offset // the gap
	e := Effect{At: time.Unix(b.start, 0).UTC(), Kind: EffectGap}
	if lo > hi {
		lo, hi = hi, lo
		e.Kind = EffectRepeat
	}
	cal := calendarOf(s.slots)
	e.Count = cal.count(lo-1, hi-1)
	if e.Count == 0 || !s.cron.fixedTime() && cal.even(hi-lo) {
		return Effect{}, false
	}
	t := transition{before: a.offset, after: b.offset, at: b.start}
	t.first, _ = cal.next(lo)
	t.last, _ = cal.prev(hi - 1)
	e.Local = t.local(e.Count)
	switch {
	case e.Kind == EffectGap:
		t.gap(&e, s.cron.fixedTime(), e.Count == cal.perDay())
	default:
		t.repeat(&e, s.cron.fixedTime())
	}
	return e, true
}

// calendarOf returns the calendar of a cron timeline.
func calendarOf(l timeline) *calendar {
	if once, ok := l.(onceTimeline); ok {
		return once.cal
	}
	return l.(wallTimeline).cal
}

// even reports whether a shift of the clock leaves the times of day as they are.
func (c *clock) even(shift int64) bool {
	if bits.OnesCount64(c.hours) != hourDef.size || shift%60 != 0 {
		return false
	}
	n := int(shift / 60 % 60)
	rotated := (c.minutes<<n | c.minutes>>(60-n)) & (1<<60 - 1)
	return rotated == c.minutes
}

// transition is a change of offset together with the matches that it concerns.
type transition struct {
	at            int64 // instant
	before, after int64 // offsets
	first, last   int64 // wall times of the first and the last match
}

// clockText formats a wall time; the date is added when it is not that of the
// clock right after the change, the second when there is one.
func (t *transition) clockText(wall int64) string {
	u := time.Unix(wall, 0).UTC()
	layout := "15:04"
	if wall%60 != 0 {
		layout = "15:04:05"
	}
	day, _ := splitDay(wall)
	if today, _ := splitDay(t.at + t.after); day != today {
		layout = "2006-01-02 " + layout
	}
	return u.Format(layout)
}

// instantText formats an instant with an offset: "03:00 -04:00".
func (t *transition) instantText(wall, offset int64) string {
	return t.clockText(wall) + " " + offsetText(offset)
}

// offsetText formats an offset: "-04:00".
func offsetText(offset int64) string {
	return time.Unix(0, 0).In(time.FixedZone("", int(offset))).Format("-07:00")
}

// local says the matches.
func (t *transition) local(n int64) string {
	if n == 1 {
		return t.clockText(t.first)
	}
	return fmt.Sprintf("%s–%s (%d times)", t.clockText(t.first), t.clockText(t.last), n)
}

// gap fills in what both policies do with skipped times.
func (t *transition) gap(e *Effect, fixed, wholeDay bool) {
	e.Wall = "skips it"
	if e.Count > 1 {
		e.Wall = "skips them"
	}
	if !fixed {
		e.Once = e.Wall
		return
	}
	if wholeDay {
		e.Wall = "skips the day"
	}
	once := ""
	if e.Count > 1 {
		once = "once "
	}
	e.Once = "runs " + once + "at " + t.instantText(t.at+t.after, t.after)
}

// repeat fills in what both policies do with repeated times.
func (t *transition) repeat(e *Effect, fixed bool) {
	if e.Count == 1 {
		first := "runs at " + t.instantText(t.first, t.before)
		e.Once = first + " only"
		e.Wall = first + " and again at " + t.instantText(t.first, t.after)
	} else {
		e.Once = "runs them at " + offsetText(t.before) + " only"
		e.Wall = "runs them at " + offsetText(t.before) + " and again at " + offsetText(t.after)
	}
	if !fixed {
		e.Once = e.Wall
	}
}
