package listen

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/coreos/go-systemd/v22/activation"
	"golang.org/x/sys/unix"
)

// Name is what the unit file calls the API's socket.
const Name = "api"

// maxPath is what a Unix address holds without its final NUL.
const maxPath = 107

// ErrRunning is in the error of Unix when another process serves the socket.
var ErrRunning = errors.New("schedd is already running")

// Options describes the socket.
type Options struct {
	Path  string      // required unless systemd passes a socket
	Mode  fs.FileMode // permissions, e.g. 0o660
	Group string      // that owns the socket; "", or one that we cannot give it: the process's own

	Logger *slog.Logger // nil = silent

	// Activated returns the sockets that the process was started with, by name;
	// nil asks systemd's protocol. It is for tests.
	Activated func() (map[string][]net.Listener, error)
}

// Listener is a Unix socket that accepts connections.
type Listener struct {
	*net.UnixListener
	path  string
	inode fileID // of the socket that we made; zero when systemd made it
}

// Unix returns the socket that systemd passed under Name, else makes one at o.Path.
// The error wraps ErrRunning when another process answers there.
func Unix(o Options) (*Listener, error) {
	if l, err := activated(o); l != nil || err != nil {
		return l, err
	}
	if err := checkPath(o.Path); err != nil {
		return nil, err
	}
	dir, err := openDir(filepath.Dir(o.Path))
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	// Two daemons that find the same stale socket must not both replace it.
	if err := unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, fmt.Errorf("%w: %s is locked, another start is under way", ErrRunning, dir.Name())
	}
	if err := removeStale(o.Path); err != nil {
		return nil, err
	}
	return bind(o)
}

// activated returns systemd's socket, nil when there is none.
func activated(o Options) (*Listener, error) {
	find := o.Activated
	if find == nil {
		find = activation.ListenersWithNames
	}
	named, err := find()
	if err != nil {
		return nil, fmt.Errorf("take the sockets that systemd passed: %w", err)
	}
	switch passed := named[Name]; len(passed) {
	case 0:
		return nil, nil
	case 1:
		l, ok := passed[0].(*net.UnixListener)
		if !ok {
			return nil, fmt.Errorf("systemd passed a %s socket as %q: it must be a Unix stream socket", passed[0].Addr().Network(), Name)
		}
		return &Listener{UnixListener: l, path: l.Addr().String()}, nil
	default:
		return nil, fmt.Errorf("systemd passed %d sockets named %q: one is enough", len(passed), Name)
	}
}

func checkPath(path string) error {
	switch {
	case path == "":
		return errors.New("the socket has no path")
	case strings.HasPrefix(path, "@") || strings.ContainsRune(path, 0):
		return fmt.Errorf("%q is an abstract socket, which has no permissions: name a path", path)
	case len(path) > maxPath:
		return fmt.Errorf("the socket's path has %d bytes, a Unix socket's may have %d: choose a shorter one than %s", len(path), maxPath, path)
	}
	return nil
}

// openDir makes the directory when it is missing and refuses one in which anybody
// could replace the socket.
func openDir(path string) (*os.File, error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("make the socket's directory: %w", err)
	}
	dir, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the socket's directory: %w", err)
	}
	info, err := dir.Stat()
	if err == nil && info.Mode()&0o002 != 0 && info.Mode()&os.ModeSticky == 0 {
		err = fmt.Errorf("anybody can write to %s and so replace the socket: chmod o-w %s, or choose another place", path, path)
	}
	if err != nil {
		dir.Close()
		return nil, err
	}
	return dir, nil
}

// removeStale makes way for a new socket: it removes one that nobody serves and
// refuses everything else.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("look at the socket: %w", err)
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is %s, not a socket: move it away or choose another path", path, kind(info.Mode()))
	}
	conn, err := net.Dial("unix", path)
	if err == nil {
		defer conn.Close()
		if cred, err := credentials(conn); err == nil {
			return fmt.Errorf("%w: process %d serves %s", ErrRunning, cred.Pid, path)
		}
		return fmt.Errorf("%w: another process serves %s", ErrRunning, path)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("cannot tell whether somebody serves the socket: %w", err)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove the stale socket: %w", err)
	}
	return nil
}

func kind(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return "a file"
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	default:
		return "a special file"
	}
}

// bind makes the socket for nobody but us, then gives it its group, then its mode:
// it is never open to more people than it should be, and no umask, which is the
// whole process's, has to change.
func bind(o Options) (_ *Listener, err error) {
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var chmod error
		err := c.Control(func(fd uintptr) { chmod = unix.Fchmod(int(fd), 0o600) })
		return errors.Join(err, chmod)
	}}
	ln, err := config.Listen(context.Background(), "unix", o.Path)
	if err != nil {
		return nil, fmt.Errorf("listen on the socket: %w", err)
	}
	l := &Listener{UnixListener: ln.(*net.UnixListener), path: o.Path}
	l.SetUnlinkOnClose(false) // Close looks first whether the socket is still ours
	defer func() {
		if err != nil {
			l.Close()
		}
	}()
	if l.inode, err = identify(o.Path); err != nil {
		return nil, fmt.Errorf("look at the new socket: %w", err)
	}
	if err := chgrp(o.Path, o.Group); err != nil && o.Logger != nil {
		o.Logger.Warn("socket keeps the daemon's own group", slog.String("path", o.Path), slog.Any("error", err))
	}
	if err := os.Chmod(o.Path, o.Mode.Perm()); err != nil {
		return nil, fmt.Errorf("set the socket's mode: %w", err)
	}
	return l, nil
}

// chgrp gives the socket to a group. Without it only the operators suffer, so it is
// not worth a failed start: on a machine of one user there is no such group.
func chgrp(path, group string) error {
	if group == "" {
		return nil
	}
	gid, ok := groupID(group)
	if !ok {
		return fmt.Errorf("there is no group %s", group)
	}
	return os.Lchown(path, -1, gid)
}

// Activated reports whether systemd made the socket.
func (l *Listener) Activated() bool { return l.inode == fileID{} }

// Check says whether clients can still find the socket: nil, or that somebody
// removed or replaced it.
func (l *Listener) Check() error {
	if l.Activated() {
		return nil
	}
	switch id, err := identify(l.path); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("somebody removed the socket %s", l.path)
	case err != nil:
		return fmt.Errorf("look at the socket: %w", err)
	case id != l.inode:
		return fmt.Errorf("somebody replaced the socket %s", l.path)
	}
	return nil
}

// Close stops accepting and removes the socket if it is still ours.
func (l *Listener) Close() error {
	if !l.Activated() && l.Check() == nil {
		os.Remove(l.path)
	}
	return l.UnixListener.Close()
}

// fileID tells one file from another whatever their names.
type fileID struct{ dev, ino uint64 }

func identify(path string) (fileID, error) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return fileID{}, &fs.PathError{Op: "lstat", Path: path, Err: err}
	}
	return fileID{uint64(st.Dev), st.Ino}, nil
}
