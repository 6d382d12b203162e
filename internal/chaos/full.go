package chaos

import "time"

// full finds the seconds, since 1970, in which runs took four fifths of all slots: what is due
// then has to wait, however well everything works. A slot is held longer than its run,
// until the end is durable; the last fifth is for that.
func (c *checker) full() map[int64]bool {
	nodes, taken := map[string]bool{}, map[int64]time.Duration{}
	for i := range c.h.Rows {
		for _, a := range c.h.Rows[i].Attempts {
			if a.Node != "" {
				nodes[a.Node] = true
			}
			end := a.Completed
			if end.IsZero() {
				end = c.h.Profile.Until
			}
			for from := a.Started; !a.Started.IsZero() && from.Before(end); {
				to := from.Truncate(time.Second).Add(time.Second)
				if end.Before(to) {
					to = end
				}
				taken[from.Unix()] += to.Sub(from)
				from = to
			}
		}
	}
	most := time.Duration(c.h.Profile.Slots*len(nodes)) * time.Second
	seconds := map[int64]bool{}
	for second, d := range taken {
		seconds[second] = most > 0 && d >= most*4/5
	}
	return seconds
}

// throughout reports whether every second from one instant to another is among seconds.
func throughout(seconds map[int64]bool, from, to time.Time) bool {
	for s := from.Unix(); s <= to.Unix(); s++ {
		if !seconds[s] {
			return false
		}
	}
	return true
}
