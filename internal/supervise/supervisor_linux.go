package supervise

import (
	"os"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// running is one command that the supervisor started.
type running struct {
	id        uint64
	pid       int
	session   int       // and process group; 0 once another process got the number
	pipes     []uint64  // inodes of stdout and stderr, if they are pipes
	killAt    time.Time // zero while nobody wants it stopped
	stopping  bool      // SIGTERM was sent
	killed    bool      // SIGKILL was sent
	ended     time.Time // zero while it runs
	answered  bool      // the daemon has been told
	status    unix.WaitStatus
	usage     unix.Rusage
	leftovers int
}

// supervisor starts commands on behalf of the daemon. All of it runs in one
// goroutine on one thread, since a command's death signal is tied to the thread
// that started it.
type supervisor struct {
	link    *link
	self    int
	mark    mark
	byID    map[uint64]*running
	leaders map[int]*running // those that have not ended, by pid
	orphans map[int]*orphan  // children that are no leaders, by pid
}

type request struct {
	message
	fds []int
}

// runSupervisor serves the daemon until the link or the guard is gone, then kills
// every descendant.
func runSupervisor(linkFile, lifeline *os.File, chld <-chan os.Signal) error {
	runtime.LockOSThread() // for good: the thread must live as long as the commands
	s, err := newSupervisor(linkFile)
	if err != nil {
		return err
	}
	defer killBelow(chld)
	if err := s.link.send(message{kind: msgHello, nums: []int64{int64(s.self)}}); err != nil {
		return nil // the daemon is gone already
	}
	requests := s.requests()
	guardGone := whenClosed(lifeline)
	timer := after(slowPoll)
	defer timer.Stop()
	for {
		select {
		case r, ok := <-requests:
			if !ok {
				return nil
			}
			if s.handle(r); r.kind == msgStart {
				continue // nothing ended by that
			}
		case <-guardGone:
			return nil
		case <-chld:
		case <-timer.C:
		}
		timer.Reset(s.look(clock()))
	}
}

func newSupervisor(linkFile *os.File) (*supervisor, error) {
	link, err := newLink(linkFile)
	if err != nil {
		return nil, err
	}
	own, _ := parseMark(os.Getenv(Variable))
	return &supervisor{
		link: link, self: os.Getpid(), mark: own,
		byID: map[uint64]*running{}, leaders: map[int]*running{}, orphans: map[int]*orphan{},
	}, nil
}

// requests hands over what the daemon sends; closed when it is gone.
func (s *supervisor) requests() <-chan request {
	c := make(chan request)
	go func() {
		defer close(c)
		for {
			m, fds, err := s.link.receive()
			if err != nil {
				return
			}
			c <- request{m, fds}
		}
	}()
	return c
}

func (s *supervisor) handle(r request) {
	defer closeFDs(r.fds)
	switch r.kind {
	case msgStart:
		s.start(r)
	case msgStop:
		if c, ok := s.byID[r.id]; ok {
			s.stop(c, clock().Add(time.Duration(r.num(0))*time.Millisecond))
		}
	}
}

// answer tells the daemon. When it is gone the link ends, which the loop sees.
func (s *supervisor) answer(kind kind, id uint64, nums ...int64) {
	_ = s.link.send(message{kind: kind, id: id, nums: nums})
}

// start starts a command in a session of its own. The kernel kills it when this
// process dies; it is not alone in that, see killBelow.
func (s *supervisor) start(r request) {
	argc := int(r.num(0))
	if len(r.text) < 2+argc || argc < 1 || len(r.fds) != 3 {
		s.answer(msgFailed, r.id, int64(unix.EINVAL))
		return
	}
	path, dir, argv, env := r.text[0], r.text[1], r.text[2:2+argc], r.text[2+argc:]
	own := s.mark
	own.id = r.id
	pid, err := syscall.ForkExec(path, argv, &syscall.ProcAttr{
		Dir:   dir,
		Env:   append([]string{own.environ()}, env...),
		Files: []uintptr{uintptr(r.fds[0]), uintptr(r.fds[1]), uintptr(r.fds[2])},
		Sys:   &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL},
	})
	if err != nil {
		errno, ok := err.(syscall.Errno)
		if !ok {
			errno = unix.EINVAL
		}
		s.answer(msgFailed, r.id, int64(errno))
		return
	}
	for _, other := range s.byID {
		if other.session == pid { // nobody is left in it, or the number were not free
			other.session = 0
		}
	}
	c := &running{id: r.id, pid: pid, session: pid, pipes: pipesOf(r.fds[1:])}
	s.byID[c.id], s.leaders[pid] = c, c
	s.answer(msgStarted, c.id, int64(pid))
}

// stop asks a command to end by killAt. It may only be brought forward.
func (s *supervisor) stop(c *running, killAt time.Time) {
	if c.killAt.IsZero() || killAt.Before(c.killAt) {
		c.killAt = killAt
	}
	if c.ended.IsZero() && !c.stopping && clock().Before(c.killAt) {
		c.stopping = true
		_ = unix.Kill(-c.pid, unix.SIGTERM)
		_ = unix.Kill(-c.pid, unix.SIGCONT) // a stopped process ends when it goes on
	}
}
