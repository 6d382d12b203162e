package testbed

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// patience is how long a server may take to start or to stop.
const patience = 30 * time.Second

// maxSocketPath is what fits into a socket address of Linux.
const maxSocketPath = 107

// server is one process of a server, with a folder and a log. It has no goroutine,
// so that tests may look for those that are left over.
type server struct {
	dir   string
	cmd   *exec.Cmd
	pid   int
	ended bool // the process was collected
}

// newServer makes a folder under base, or under the temporary folder when base is "",
// and gives it to an unprivileged user when we are root.
func newServer(base, prefix string) (*server, error) {
	if base == "" {
		base = publicTemp()
	}
	dir, err := os.MkdirTemp(base, prefix)
	if err != nil {
		return nil, err
	}
	if err := tell("made", dir); err != nil {
		return nil, err
	}
	if c := credential(); c != nil {
		err = os.Chown(dir, int(c.Uid), int(c.Gid))
	}
	return &server{dir: dir}, err
}

// publicTemp returns a temporary folder that every user may enter and whose path
// leaves room for the name of a socket.
func publicTemp() string {
	temp, err := filepath.Abs(os.TempDir())
	if err != nil || len(temp) > maxSocketPath-50 {
		return "/tmp"
	}
	for dir := temp; dir != "/"; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm()&0o001 == 0 {
			return "/tmp"
		}
	}
	return temp
}

// credential returns whom servers run as: nobody when we are root, since PostgreSQL
// refuses root, else nil: ourselves.
func credential() *syscall.Credential {
	if os.Getuid() != 0 {
		return nil
	}
	c := &syscall.Credential{Uid: 65534, Gid: 65534}
	if nobody, err := user.Lookup("nobody"); err == nil {
		uid, _ := strconv.ParseUint(nobody.Uid, 10, 32)
		gid, _ := strconv.ParseUint(nobody.Gid, 10, 32)
		c.Uid, c.Gid = uint32(uid), uint32(gid)
	}
	return c
}

// command prepares a program as the unprivileged user, in the folder and in a session
// of its own.
func (s *server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "HOME="+s.dir, "TMPDIR="+s.dir, "LC_ALL=C", "TZ=UTC")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: credential()}
	return cmd
}

// start starts the server and waits until ready says nil.
func (s *server) start(ready func() error, name string, args ...string) error {
	if s.running() {
		return errors.New("the server runs already")
	}
	log, err := os.OpenFile(s.path("log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := s.command(name, args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	s.cmd, s.pid, s.ended = cmd, cmd.Process.Pid, false
	if err := tell("started", s.pid); err != nil {
		return errors.Join(err, s.stop(syscall.SIGKILL))
	}
	Poll(patience, func() bool { err = ready(); return err == nil || !s.running() })
	if err != nil {
		_ = s.stop(syscall.SIGKILL)
		return fmt.Errorf("%s did not start: %w\n%s", filepath.Base(name), err, s.Log())
	}
	return nil
}

// running tells whether the process is there, and collects it when it is not.
func (s *server) running() bool {
	if s.cmd == nil || s.ended {
		return false
	}
	var status syscall.WaitStatus
	if pid, err := syscall.Wait4(s.Pid(), &status, syscall.WNOHANG, nil); pid == 0 && err == nil || errors.Is(err, syscall.EINTR) {
		return true
	}
	s.ended = true
	_ = tell("ended", s.Pid())
	_ = s.cmd.Process.Release()
	return false
}

func (s *server) signal(sig syscall.Signal) {
	if s.running() {
		_ = syscall.Kill(s.Pid(), sig)
	}
}

// stop sends a signal and waits for the end of the process; one that does not end
// is killed.
func (s *server) stop(sig syscall.Signal) error {
	if !s.running() {
		return nil
	}
	s.signal(syscall.SIGCONT) // one that was stopped would not hear the signal
	s.signal(sig)
	ended := func() bool { return !s.running() }
	if Poll(patience, ended) {
		return nil
	}
	s.signal(syscall.SIGKILL)
	Poll(patience, ended)
	return fmt.Errorf("process %d did not end in %v and was killed", s.Pid(), patience)
}

// Pid returns the number of the newest process.
func (s *server) Pid() int { return s.pid }

// Dir returns the folder that holds everything of the server.
func (s *server) Dir() string { return s.dir }

// Suspend stops the process where it is: connections stay open and nothing answers.
func (s *server) Suspend() { s.signal(syscall.SIGSTOP) }

// Resume lets a suspended process go on.
func (s *server) Resume() { s.signal(syscall.SIGCONT) }

// Log returns the end of what the server printed.
func (s *server) Log() string {
	text, _ := os.ReadFile(s.path("log"))
	return string(text[max(0, len(text)-4096):])
}

// Close ends the process and removes the folder.
func (s *server) Close() error {
	err := s.stop(syscall.SIGKILL)
	return errors.Join(err, os.RemoveAll(s.dir))
}

func (s *server) path(name string) string { return filepath.Join(s.dir, name) }
