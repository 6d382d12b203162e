package supervise

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// chain is one guard and its supervisor, as the daemon sees them.
type chain struct {
	mark     mark
	link     *link
	lifeline *os.File // the guard ends when it is closed
	guard    *os.Process
	guardEnd chan struct{} // the guard has ended and was collected
	pid      int           // of the supervisor
	began    process       // the guard at its start

	mu    sync.Mutex
	lost  bool
	last  uint64
	tasks map[uint64]*task // by number
}

// task is one command of a chain. exit and err are set before done is closed.
type task struct {
	id    uint64
	pid   int      // 0 before it started
	pipes []uint64 // inodes of stdout and stderr, if they are pipes
	done  chan struct{}
	exit  Exit
	err   error
}

// startChain starts guard and supervisor and waits for the latter's first word.
func startChain(ctx context.Context, o Options) (*chain, error) {
	ch := &chain{
		mark:     mark{cookie: o.Cookie, life: rand.Text()},
		guardEnd: make(chan struct{}),
		tasks:    map[uint64]*task{},
	}
	if err := ch.startGuard(o.Exe); err != nil {
		return nil, fmt.Errorf("start supervisor: %w", err)
	}
	hello := make(chan error, 1)
	go func() {
		m, _, err := ch.link.receive()
		ch.pid = int(m.num(0))
		if err == nil && m.kind != msgHello {
			err = errBadMessage
		}
		hello <- err
	}()
	timer := after(helloWithin)
	defer timer.Stop()
	var err error
	select {
	case err = <-hello:
		if err == nil {
			return ch, nil
		}
	case <-timer.C:
		err = errors.New("no answer")
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	ch.hangUp()
	_ = ch.guard.Kill()
	<-ch.guardEnd
	return nil, fmt.Errorf("start supervisor: %w", err)
}

func (ch *chain) startGuard(exe string) error {
	ours, theirs, err := linkPair()
	if err != nil {
		return err
	}
	defer theirs.Close()
	read, write, err := os.Pipe()
	if err != nil {
		ours.close()
		return err
	}
	defer read.Close()
	devNull, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		ours.close()
		write.Close()
		return err
	}
	defer devNull.Close()
	ch.guard, err = os.StartProcess(exe, []string{argv0(exe), Verb, roleGuard}, &os.ProcAttr{
		Env:   []string{ch.mark.environ()},
		Files: []*os.File{devNull, devNull, os.Stderr, theirs, read},
		// A session of its own: the terminal's Ctrl-C is for the daemon alone, and
		// nothing below can ever come back into the daemon's session.
		Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		ours.close()
		write.Close()
		return err
	}
	ch.link, ch.lifeline = ours, write
	ch.began, _ = readProcess(ch.guard.Pid)
	go func() {
		defer close(ch.guardEnd)
		_, _ = ch.guard.Wait() // its status says nothing that its end does not
	}()
	return nil
}

// hangUp makes guard and supervisor kill every command and end.
func (ch *chain) hangUp() {
	ch.link.close()
	ch.lifeline.Close()
}

// abandon gets rid of a supervisor that does not react.
func (ch *chain) abandon() {
	_ = ch.guard.Kill()
	ch.hangUp()
}

// errGone says that a command was not started since the chain is lost.
var errGone = errors.New("supervisor is gone")

// start sends a request to start a command. Once it returns nil, the outcome is
// t's; otherwise the command was not started.
func (ch *chain) start(m message, files []*os.File) (*task, error) {
	fds := descriptors(files)
	t := &task{done: make(chan struct{}), pipes: pipesOf(fds[1:])}
	ch.mu.Lock()
	if ch.lost {
		ch.mu.Unlock()
		return nil, errGone
	}
	ch.last++
	t.id = ch.last
	ch.tasks[t.id] = t
	ch.mu.Unlock()
	m.id = t.id
	err := ch.link.send(m, fds...)
	if err == nil {
		return t, nil
	}
	ch.mu.Lock()
	delete(ch.tasks, t.id)
	ch.mu.Unlock()
	return nil, err
}

// stop asks for the end of a command; whether it comes, t.done says.
func (ch *chain) stop(t *task, grace time.Duration) {
	_ = ch.link.send(message{kind: msgStop, id: t.id, nums: []int64{grace.Milliseconds()}})
}

// serve takes the answers until the link ends.
func (ch *chain) serve() {
	for {
		m, fds, err := ch.link.receive()
		closeFDs(fds) // there are none
		if err != nil {
			ch.mu.Lock()
			ch.lost = true
			ch.mu.Unlock()
			return
		}
		ch.settle(m)
	}
}

func (ch *chain) settle(m message) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	t, ok := ch.tasks[m.id]
	if !ok {
		return
	}
	switch m.kind {
	case msgStarted:
		t.pid = int(m.num(0))
		return
	case msgExited:
		t.exit = exitOf(m)
	case msgFailed:
		t.err = unix.Errno(m.num(0))
	case msgStuck:
		t.exit, t.err = Exit{PID: t.pid, Status: -1, Killed: true, Stuck: 1}, ErrUnkillable
	default:
		return
	}
	delete(ch.tasks, m.id)
	close(t.done)
}

// fail ends every command that is still waited for.
func (ch *chain) fail(err error) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	for id, t := range ch.tasks {
		t.exit, t.err = Exit{PID: t.pid, Status: -1}, err
		delete(ch.tasks, id)
		close(t.done)
	}
}

func (ch *chain) count() int {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	return len(ch.tasks)
}
