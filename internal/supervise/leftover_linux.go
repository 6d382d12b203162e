package supervise

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// orphan is a child of the supervisor that it did not start: a descendant of a
// command whose parents are gone.
type orphan struct {
	process
	owners []*running // the command it belongs to, or all that it may belong to
	terms  bool       // SIGTERM was sent
	kills  bool       // SIGKILL was sent
}

// look sees what happened since it was last called: commands that ended, commands
// that are to be killed, leftovers. It returns how long nothing will be due.
func (s *supervisor) look(now time.Time) time.Duration {
	s.reapLeaders(now)
	s.reapOrphans()
	next := never
	for _, o := range s.orphans {
		next = min(next, s.clear(o, now))
	}
	for _, c := range s.byID {
		next = min(next, s.advance(c, now))
	}
	return max(next, time.Millisecond)
}

// reapLeaders finds the commands that ended. Their groups are told apart from
// others as long as they are zombies; then they are collected.
func (s *supervisor) reapLeaders(now time.Time) {
	for pid, c := range s.leaders {
		if !exited(pid) {
			continue
		}
		if c.killed {
			_ = unix.Kill(-pid, unix.SIGKILL) // the whole group at once: nobody can fork away
		}
		c.status, c.usage, _ = reapChild(pid)
		c.ended = now
		delete(s.leaders, pid)
	}
}

// reapOrphans collects those that ended and finds new ones.
func (s *supervisor) reapOrphans() {
	alive := map[int]bool{}
	for _, pid := range childrenOf(s.self) {
		if _, leader := s.leaders[pid]; leader {
			continue
		}
		if _, _, ended := reapChild(pid); ended {
			continue
		}
		alive[pid] = true
		if _, known := s.orphans[pid]; known {
			continue // its number cannot change hands before we collect it
		}
		if p, ok := readProcess(pid); ok {
			s.orphans[pid] = &orphan{process: p, owners: s.ownersOf(p)}
		}
	}
	for pid := range s.orphans {
		if !alive[pid] {
			delete(s.orphans, pid)
		}
	}
}

// ownersOf finds the command an orphan belongs to: by session, by group, by mark, by
// the pipes that it writes to. One that cast off all four may belong to any.
func (s *supervisor) ownersOf(p process) []*running {
	var all []*running
	for _, c := range s.byID {
		if c.session != 0 && (p.session == c.session || p.group == c.session) {
			return []*running{c}
		}
		all = append(all, c)
	}
	if m, ok := p.mark(); ok && m.cookie == s.mark.cookie && m.life == s.mark.life {
		if c, ok := s.byID[m.id]; ok {
			return []*running{c}
		}
		return nil // its command was answered long ago
	}
	for _, inode := range p.pipes() {
		for _, c := range all {
			if slices.Contains(c.pipes, inode) {
				return []*running{c}
			}
		}
	}
	return all
}

// clear sends an orphan away when its commands have ended, and says when to come
// back. It is left alone for a moment, since what follows a pipe to its end would
// go by itself; where the command was asked to stop, it is asked too and has until
// the same time.
func (s *supervisor) clear(o *orphan, now time.Time) time.Duration {
	if !o.over() {
		return never
	}
	var deadline time.Time
	ask := false
	for _, c := range o.owners {
		until := c.ended.Add(settle)
		if !c.killAt.IsZero() {
			until, ask = c.killAt, true
		}
		if until.After(deadline) {
			deadline = until
		}
	}
	if now.Before(deadline) {
		if ask && !o.terms {
			o.terms = true
			s.signalTree(o, unix.SIGTERM)
			s.signalTree(o, unix.SIGCONT)
		}
		return min(deadline.Sub(now), poll)
	}
	if !o.kills {
		o.kills = true
		for _, c := range o.owners {
			c.leftovers++
		}
	}
	s.signalTree(o, unix.SIGKILL)
	if now.After(deadline.Add(deadAfterKill)) {
		return slowPoll
	}
	return poll
}

// signalTree signals an orphan and everything below it. Groups of commands go as a
// whole on SIGKILL, so that nobody can fork away, and have had their SIGTERM.
func (s *supervisor) signalTree(o *orphan, sig unix.Signal) {
	top, ok := readProcess(o.pid)
	if !ok {
		return
	}
	for _, p := range top.tree() {
		grouped := slices.ContainsFunc(o.owners, func(c *running) bool { return c.session == p.group })
		switch {
		case grouped && sig == unix.SIGKILL:
			_ = unix.Kill(-p.group, sig)
		case !grouped:
			_ = p.signal(sig) // what may not be signalled is reported as stuck
		}
	}
}

// over says whether every command that an orphan may belong to has ended.
func (o *orphan) over() bool {
	return !slices.ContainsFunc(o.owners, func(c *running) bool { return c.ended.IsZero() })
}

// advance kills a command that was given its time, and answers for one that ended
// once nothing of it is left. It says when to come back.
func (s *supervisor) advance(c *running, now time.Time) time.Duration {
	if c.ended.IsZero() {
		return s.enforce(c, now)
	}
	left := 0
	for _, o := range s.orphans {
		if slices.Contains(o.owners, c) && o.over() {
			left++
		}
	}
	patience := c.ended.Add(settle)
	if c.killAt.After(patience) {
		patience = c.killAt
	}
	if left > 0 && now.Before(patience.Add(deadAfterKill)) {
		return poll
	}
	if !c.answered {
		s.answer(msgExited, c.id, c.exitNums(left)...)
	}
	delete(s.byID, c.id)
	return never
}

// enforce sends SIGKILL to a command whose time is up.
func (s *supervisor) enforce(c *running, now time.Time) time.Duration {
	switch {
	case c.killAt.IsZero() || c.answered:
		return never
	case now.Before(c.killAt):
		return c.killAt.Sub(now)
	case now.After(c.killAt.Add(deadAfterKill)):
		c.answered = true
		s.answer(msgStuck, c.id)
		return never
	}
	if !c.killed {
		c.killed = true
		_ = unix.Kill(-c.pid, unix.SIGKILL)
	}
	return poll
}

// exitNums is the content of a msgExited; exitOf reads it.
func (c *running) exitNums(stuck int) []int64 {
	killed := int64(0)
	if c.killed {
		killed = 1
	}
	return []int64{
		int64(c.pid), int64(c.status), c.usage.Utime.Nano(), c.usage.Stime.Nano(),
		c.usage.Maxrss << 10, killed, int64(c.leftovers), int64(stuck),
	}
}
