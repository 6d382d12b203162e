package oracle

import "time"

// Clock is what the clock of a zone shows around a window of time.
type Clock struct {
	from, to time.Time
	step     int64
	first    int64   // instant of shown[0], in Unix seconds
	shown    []int64 // what the clock shows at first, first+step, …, as the Unix second that shows it in UTC
	least    int64   // the least time shown
	at       []int32 // index into shown of when a time was first shown, by (time-least)/step; -1 when never
}

// around is how much of the clock before and after the window is looked at: more
// than any gap or repetition.
const around = 26 * time.Hour

// Walk looks at the clock of a zone in [from, to) and a day around it. The step is a
// second or a minute; a minute becomes a second in zones with odd offsets.
func Walk(zone string, from, to time.Time, step time.Duration) (*Clock, error) {
	loc := time.UTC
	if zone != "" {
		var err error
		if loc, err = time.LoadLocation(zone); err != nil {
			return nil, err
		}
	}
	c := &Clock{from: from, to: to, step: int64(step / time.Second)}
	pad := around
	if steady(loc, from.Add(-around), to.Add(around)) {
		pad = time.Minute
	}
	first := from.Add(-pad).Truncate(time.Minute)
	c.first, c.least = first.Unix(), first.Unix()+1<<40
	greatest := -c.least
	for t := first; t.Before(to.Add(pad)); t = t.Add(step) {
		_, offset := t.In(loc).Zone()
		if step == time.Minute && offset%60 != 0 {
			return Walk(zone, from, to, time.Second)
		}
		wall := t.Unix() + int64(offset)
		c.shown = append(c.shown, wall)
		c.least, greatest = min(c.least, wall), max(greatest, wall)
	}
	c.index(greatest)
	return c, nil
}

// steady reports whether a zone keeps its offset, as seen every ten minutes: then
// there is no need to look around.
func steady(loc *time.Location, from, to time.Time) bool {
	_, first := from.In(loc).Zone()
	for t := from; t.Before(to); t = t.Add(10 * time.Minute) {
		if _, offset := t.In(loc).Zone(); offset != first {
			return false
		}
	}
	_, last := to.In(loc).Zone()
	return last == first
}

// index notes when each time is first shown.
func (c *Clock) index(greatest int64) {
	c.at = make([]int32, (greatest-c.least)/c.step+1)
	for i := range c.at {
		c.at[i] = -1
	}
	for i, wall := range c.shown {
		if at := &c.at[(wall-c.least)/c.step]; *at < 0 {
			*at = int32(i)
		}
	}
}

// firstShown returns the index of the first instant that shows a time, -1 for never.
func (c *Clock) firstShown(wall int64) int32 { return c.at[(wall-c.least)/c.step] }

// Slots returns the slots of a cron rule in the window of the clock.
func (r *Rule) Slots(c *Clock) []time.Time {
	var slots []time.Time
	m := *r.matcher // it remembers the last day
	for i, wall := range c.shown {
		if i == 0 || !r.fires(&m, c, i, wall) {
			continue
		}
		slots = append(slots, time.Unix(c.first+int64(i)*c.step, 0))
	}
	return r.limited(slots, c.from, c.to)
}

// fires applies the definition to the i-th instant, which shows wall.
func (r *Rule) fires(m *matcher, c *Clock, i int, wall int64) bool {
	if !r.fixed || r.spec.DST == "wall" {
		return m.matches(wall)
	}
	if c.firstShown(wall) == int32(i) && m.matches(wall) {
		return true
	}
	for skipped := c.shown[i-1] + c.step; skipped < wall; skipped += c.step {
		if c.firstShown(skipped) < 0 && m.matches(skipped) {
			return true
		}
	}
	return false
}
