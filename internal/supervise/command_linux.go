package supervise

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Run runs one command and returns when it and everything it started are dead.
//
// When ctx ends, SIGTERM goes to the command's process group, after Grace SIGKILL
// to all of it; the error is then the cause of ctx, beside the Exit. Otherwise the
// error is nil whatever the status; a *StartError when it did not start;
// ErrUnkillable when it survives SIGKILL; ErrLost when the supervisor died, and the
// command with it; ErrClosed after Close. Run is safe for concurrent use.
func (c *Client) Run(ctx context.Context, cmd Command) (Exit, error) {
	defer closeAll([]*os.File{cmd.Stdout, cmd.Stderr})
	if ctx.Err() != nil {
		return Exit{}, context.Cause(ctx)
	}
	m, err := cmd.message(c.o.Exe)
	if err != nil {
		return Exit{}, &StartError{Path: cmd.Path, Err: err}
	}
	files, err := cmd.files()
	if err != nil {
		return Exit{}, &StartError{Path: cmd.Path, Err: err}
	}
	defer closeAll(files)
	ch, t, err := c.begin(ctx, m, files)
	if err != nil {
		return Exit{}, cmd.explain(err)
	}
	closeAll(files) // the command holds them now; the reader must see its end
	return cmd.wait(ctx, ch, t, c.o.silence)
}

// begin starts the command on the living chain, or the one after it.
func (c *Client) begin(ctx context.Context, m message, files []*os.File) (*chain, *task, error) {
	var lost *chain
	for {
		ch, err := c.chain(ctx, lost)
		if err != nil {
			return nil, nil, err
		}
		t, err := ch.start(m, files)
		if err == nil {
			return ch, t, nil
		}
		if !errors.Is(err, errGone) {
			return nil, nil, &StartError{Path: m.text[0], Err: err}
		}
		lost = ch
	}
}

// wait waits for the end of a started command, which it brings about when ctx ends.
func (cmd *Command) wait(ctx context.Context, ch *chain, t *task, silence time.Duration) (Exit, error) {
	select {
	case <-t.done:
		return t.exit, cmd.explain(t.err)
	case <-ctx.Done():
		select {
		case <-t.done: // before that
			return t.exit, cmd.explain(t.err)
		default:
		}
	}
	grace := cmd.Grace
	if grace == 0 {
		grace = defaultGrace
	}
	ch.stop(t, grace)
	timer := after(max(grace, 0) + silence)
	defer timer.Stop()
	select {
	case <-t.done:
	case <-timer.C:
		ch.abandon() // it hangs: serve sees its end, the commands are lost
		<-t.done
	}
	if t.err != nil {
		return t.exit, cmd.explain(t.err)
	}
	return t.exit, context.Cause(ctx)
}

func (cmd *Command) explain(err error) error {
	if errno, ok := err.(syscall.Errno); ok {
		return &StartError{Path: cmd.Path, Err: errno}
	}
	return err
}

// message is the request to start the command; with limits, through the shim.
func (cmd *Command) message(exe string) (message, error) {
	path, argv := cmd.Path, cmd.Argv
	if limits := cmd.Limits.args(); len(limits) > 0 {
		argv = append(append([]string{argv0(exe), Verb, roleLimits}, limits...), append([]string{"--", path}, argv...)...)
		path = exe
	}
	switch {
	case len(cmd.Argv) == 0 || cmd.Path == "":
		return message{}, unix.EINVAL
	case hasNUL(cmd.Argv) || hasNUL(cmd.Env) || hasNUL([]string{path, cmd.Dir}):
		return message{}, fmt.Errorf("%w: NUL byte", unix.EINVAL)
	}
	text := append([]string{path, cmd.Dir}, argv...)
	return message{kind: msgStart, nums: []int64{int64(len(argv))}, text: append(text, cmd.Env...)}, nil
}

func argv0(exe string) string {
	if exe == exeSelf {
		return os.Args[0]
	}
	return exe
}

func hasNUL(list []string) bool {
	for _, s := range list {
		if strings.IndexByte(s, 0) >= 0 {
			return true
		}
	}
	return false
}

// files returns stdin, stdout and stderr.
func (cmd *Command) files() ([]*os.File, error) {
	stdin, err := cmd.stdin()
	if err != nil {
		return nil, err
	}
	files := []*os.File{stdin, cmd.Stdout, cmd.Stderr}
	for i := 1; i < len(files); i++ {
		if files[i] != nil {
			continue
		}
		if files[i], err = os.OpenFile(os.DevNull, os.O_WRONLY, 0); err != nil {
			closeAll(files)
			return nil, err
		}
	}
	return files, nil
}

// stdin is a file in memory, so that nobody has to feed a pipe.
func (cmd *Command) stdin() (*os.File, error) {
	if cmd.Stdin == nil {
		return os.Open(os.DevNull)
	}
	fd, err := unix.MemfdCreate("stdin", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "stdin")
	if _, err := bytes.NewReader(cmd.Stdin).WriteTo(f); err != nil {
		f.Close()
		return nil, err
	}
	if _, err := f.Seek(0, 0); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// exitOf reads what exitNums wrote.
func exitOf(m message) Exit {
	status := unix.WaitStatus(m.num(1))
	e := Exit{
		PID:        int(m.num(0)),
		Status:     -1,
		UserTime:   time.Duration(m.num(2)),
		SystemTime: time.Duration(m.num(3)),
		MaxRSS:     m.num(4),
		Killed:     m.num(5) != 0,
		Leftovers:  int(m.num(6)),
		Stuck:      int(m.num(7)),
	}
	switch {
	case status.Exited():
		e.Status = status.ExitStatus()
	case status.Signaled():
		e.Signal, e.CoreDumped = status.Signal(), status.CoreDump()
	}
	return e
}

// SignalName returns what ended the command, e.g. "SIGKILL"; "" when it exited.
func (e Exit) SignalName() string {
	if e.Signal == 0 {
		return ""
	}
	if name := unix.SignalName(e.Signal); name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", int(e.Signal)) // a real-time one
}
