package supervise

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// bury waits for the end of a lost chain and kills what was handed to the daemon,
// as happens when the guard died too. It takes 10 s at most; what is left then is
// logged.
func (ch *chain) bury(log *slog.Logger) {
	ch.hangUp()
	timer := after(guardGone)
	select {
	case <-ch.guardEnd:
	case <-timer.C: // stopped, or held up by something that cannot be killed
		_ = ch.guard.Kill()
		<-ch.guardEnd
	}
	timer.Stop()
	m := mourner{chain: ch, zombies: map[process]time.Time{}}
	m.ours, m.pipes = ch.traces()
	if self, ok := readProcess(os.Getpid()); ok {
		m.session = self.session
	}
	left := 0
	for end := clock().Add(buryWithin); ; <-after(poll).C {
		if left = m.round(); left == 0 {
			return
		}
		if clock().After(end) {
			break
		}
	}
	log.LogAttrs(context.Background(), slog.LevelError, "processes of a lost supervisor are left", slog.Int("count", left))
}

// traces lists what the chain is known to have started, the supervisor and the
// commands that run, and the pipes of these.
func (ch *chain) traces() (pids map[int]bool, pipes map[uint64]bool) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	pids, pipes = map[int]bool{ch.pid: true}, map[uint64]bool{}
	for _, t := range ch.tasks {
		if t.pid > 0 {
			pids[t.pid] = true
		}
		for _, inode := range t.pipes {
			pipes[inode] = true
		}
	}
	return pids, pipes
}

// mourner clears away what a lost chain left among the daemon's children.
type mourner struct {
	*chain
	session int                   // the daemon's
	ours    map[int]bool          // processes, groups and sessions of the chain
	pipes   map[uint64]bool       // that its commands write to
	zombies map[process]time.Time // of unknown origin, first seen then
}

// round kills and collects once, and counts what is still there.
func (m *mourner) round() int {
	left := 0
	for _, pid := range childrenOf(os.Getpid()) {
		p, ok := readProcess(pid)
		switch {
		case !ok || pid == m.guard.Pid:
		case p.state == 'Z':
			// While threads of it still exit it cannot be collected, and what is below
			// it has not been handed on.
			if !m.reap(p) {
				left++
			}
		case m.belongs(p):
			left++
			for _, q := range p.tree() {
				m.ours[q.pid] = true
				_ = q.signal(unix.SIGKILL)
			}
		}
	}
	return left
}

// belongs says whether a living child of the daemon came from the chain.
func (m *mourner) belongs(p process) bool {
	if m.ours[p.pid] || m.ours[p.session] || m.ours[p.group] {
		return true
	}
	if mark, ok := p.mark(); ok && mark.cookie == m.mark.cookie && mark.life == m.mark.life {
		return true
	}
	return slices.ContainsFunc(p.pipes(), func(inode uint64) bool { return m.pipes[inode] })
}

// reap collects a zombie if it is the chain's. A zombie has no mark any more, but
// nothing of a chain ever gets into the daemon's session, and the daemon's own
// children are waited for at once, not after a second. It says whether the zombie is
// nothing to wait for.
func (m *mourner) reap(p process) bool {
	known := m.ours[p.pid] || m.ours[p.session] || m.ours[p.group]
	if !known && (p.session == m.session || p.start < m.began.start) {
		return true
	}
	since, seen := m.zombies[p]
	if !seen {
		since = clock()
		m.zombies[p] = since
	}
	if !known && clock().Sub(since) < staleZombie {
		return false
	}
	_, _, reaped := reapChild(p.pid)
	return reaped
}

// Sweep kills what commands of earlier lives of the daemon left behind, whoever
// died when: every process with the cookie's mark but the caller. It returns when
// none is left, or ctx ends. Guards and supervisors that still live are given 5 s
// to kill what is theirs, marked or not, before they are killed too.
//
// Call it before Start, with the cookie of Options.
func Sweep(ctx context.Context, cookie string) (killed int, err error) {
	if err := checkCookie(cookie); err != nil {
		return 0, err
	}
	seen := map[process]bool{}
	patience := clock().Add(guardGone)
	for {
		left := 0
		for _, pid := range everyone() {
			p, ok := readProcess(pid)
			if !ok || pid == os.Getpid() || p.state == 'Z' {
				continue
			}
			m, ok := p.mark()
			if !ok || m.cookie != cookie {
				continue
			}
			left++
			if m.id == 0 && clock().Before(patience) {
				continue
			}
			if err := p.signal(unix.SIGKILL); err != nil {
				return len(seen), &sweepError{pid: pid, err: err}
			}
			seen[process{pid: p.pid, start: p.start}] = true
		}
		if left == 0 {
			return len(seen), nil
		}
		timer := after(poll)
		select {
		case <-ctx.Done():
			timer.Stop()
			return len(seen), context.Cause(ctx)
		case <-timer.C:
		}
	}
}

type sweepError struct {
	pid int
	err error
}

func (e *sweepError) Error() string {
	return "kill leftover process " + strconv.Itoa(e.pid) + ": " + e.err.Error()
}

func (e *sweepError) Unwrap() error { return e.err }
