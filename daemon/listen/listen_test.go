package listen

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// short returns a new directory with a short name: socket paths are limited.
func short(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func none() (map[string][]net.Listener, error) { return nil, nil }

// open listens at path and closes at the end of the test.
func open(t *testing.T, path string) *Listener {
	t.Helper()
	l, err := Unix(Options{Path: path, Mode: 0o600, Activated: none})
	if err != nil {
		t.Fatalf("Unix(%s): %v", path, err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// stale leaves a socket that nobody serves, as a killed daemon does.
func stale(t *testing.T, path string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
}

func TestUnixMakesTheSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(short(t), "new", "dir", "s.sock")
	l, err := Unix(Options{Path: path, Mode: 0o640, Activated: none})
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := info.Mode(), fs.ModeSocket|0o640; got != want {
		t.Errorf("mode = %v, want %v", got, want)
	}
	if dir, _ := os.Stat(filepath.Dir(path)); dir.Mode().Perm() != 0o755 {
		t.Errorf("mode of the directory = %v, want 0755", dir.Mode().Perm())
	}
	if err := l.Check(); err != nil {
		t.Errorf("Check() = %v, want nil", err)
	}
	if l.Activated() {
		t.Error("Activated() = true for a socket of our own")
	}
	if err := l.Close(); err != nil {
		t.Errorf("Close() = %v", err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is still there after Close: %v", err)
	}
}

func TestUnixRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		setUp func(t *testing.T, dir string) (path string)
		want  string // in the error
	}{
		{"no path", func(*testing.T, string) string { return "" }, "has no path"},
		{"an abstract socket", func(*testing.T, string) string { return "@schedd" }, "abstract socket"},
		{"a path that is too long", func(_ *testing.T, dir string) string {
			return filepath.Join(dir, strings.Repeat("x", 108-len(dir)-1))
		}, "the socket's path has 108 bytes, a Unix socket's may have 107"},
		{"a file", func(t *testing.T, dir string) string {
			return write(t, filepath.Join(dir, "s"))
		}, "is a file, not a socket"},
		{"a directory", func(t *testing.T, dir string) string {
			return mkdir(t, filepath.Join(dir, "s"), 0o755)
		}, "is a directory, not a socket"},
		{"a symbolic link to a stale socket", func(t *testing.T, dir string) string {
			stale(t, filepath.Join(dir, "target"))
			link := filepath.Join(dir, "s")
			if err := os.Symlink("target", link); err != nil {
				t.Fatal(err)
			}
			return link
		}, "is a symbolic link, not a socket"},
		{"a world-writable directory", func(t *testing.T, dir string) string {
			return filepath.Join(mkdir(t, filepath.Join(dir, "open"), 0o777), "s")
		}, "anybody can write to"},
		{"a directory that is a file", func(t *testing.T, dir string) string {
			return filepath.Join(write(t, filepath.Join(dir, "f")), "s")
		}, "not a directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := short(t)
			path := tt.setUp(t, dir)
			before, _ := os.Lstat(path)
			l, err := Unix(Options{Path: path, Mode: 0o600, Activated: none})
			if err == nil {
				l.Close()
				t.Fatalf("Unix(%q) = nil, want an error with %q", path, tt.want)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Unix(%q) = %v, want %q in it", path, err, tt.want)
			}
			if errors.Is(err, ErrRunning) {
				t.Errorf("Unix(%q) = %v, which claims another daemon", path, err)
			}
			if after, _ := os.Lstat(path); before != nil && (after == nil || !os.SameFile(before, after)) {
				t.Errorf("Unix(%q) removed what was there", path)
			}
		})
	}
}

func TestUnixAcceptsAStickyDirectory(t *testing.T) {
	t.Parallel()
	dir := mkdir(t, filepath.Join(short(t), "tmp"), 0o777|fs.ModeSticky)
	open(t, filepath.Join(dir, "s"))
}

func TestUnixReplacesAStaleSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(short(t), "s")
	stale(t, path)
	l := open(t, path)
	go func() {
		if c, err := l.Accept(); err == nil {
			c.Close()
		}
	}()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatalf("dial the new socket: %v", err)
	}
	c.Close()
}

func TestUnixNeverTakesOver(t *testing.T) {
	t.Parallel()
	path := filepath.Join(short(t), "s")
	first := open(t, path)
	_, err := Unix(Options{Path: path, Mode: 0o600, Activated: none})
	if !errors.Is(err, ErrRunning) {
		t.Fatalf("second Unix = %v, want ErrRunning", err)
	}
	if want := fmt.Sprintf("process %d serves", os.Getpid()); !strings.Contains(err.Error(), want) {
		t.Errorf("second Unix = %v, want %q in it", err, want)
	}
	if err := first.Check(); err != nil {
		t.Errorf("the first socket is gone: %v", err)
	}
}

// TestOneOfManyWins starts many daemons on one stale socket at once.
func TestOneOfManyWins(t *testing.T) {
	t.Parallel()
	path := filepath.Join(short(t), "s")
	stale(t, path)
	type result struct {
		l   *Listener
		err error
	}
	results := make(chan result)
	const many = 20
	for range many {
		go func() {
			l, err := Unix(Options{Path: path, Mode: 0o600, Activated: none})
			results <- result{l, err}
		}()
	}
	winners := 0
	for range many {
		switch r := <-results; {
		case r.err == nil:
			winners++
			defer r.l.Close()
			if err := r.l.Check(); err != nil {
				t.Errorf("a winner lost its socket: %v", err)
			}
		case !errors.Is(r.err, ErrRunning):
			t.Errorf("a loser got %v, want ErrRunning", r.err)
		}
	}
	if winners != 1 {
		t.Errorf("%d daemons listen, want 1", winners)
	}
}

func TestCheckNoticesWhatHappenedToTheSocket(t *testing.T) {
	t.Parallel()
	dir := short(t)
	path := filepath.Join(dir, "s")
	l := open(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := l.Check(); err == nil || !strings.Contains(err.Error(), "removed") {
		t.Errorf("Check() after removal = %v", err)
	}
	second := open(t, path)
	if err := l.Check(); err == nil || !strings.Contains(err.Error(), "replaced") {
		t.Errorf("Check() after replacement = %v", err)
	}
	l.Close()
	if err := second.Check(); err != nil {
		t.Errorf("closing the first listener removed the second's socket: %v", err)
	}
}

func TestUnknownGroupIsOnlyAWarning(t *testing.T) {
	t.Parallel()
	var logged bytes.Buffer
	l, err := Unix(Options{
		Path: filepath.Join(short(t), "s"), Mode: 0o660, Group: "no-such-group-here", Activated: none,
		Logger: slog.New(slog.NewTextHandler(&logged, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if !strings.Contains(logged.String(), "there is no group no-such-group-here") {
		t.Errorf("log = %q, want a word about the group", logged.String())
	}
}

func TestActivation(t *testing.T) {
	t.Parallel()
	unix := func(t *testing.T) net.Listener {
		l, err := net.Listen("unix", filepath.Join(short(t), "s"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return l
	}
	tcp := func(t *testing.T) net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return l
	}
	tests := []struct {
		name   string
		passed func(t *testing.T) (map[string][]net.Listener, error)
		want   string // in the error; "" = the socket is taken
	}{
		{"by name", func(t *testing.T) (map[string][]net.Listener, error) {
			return map[string][]net.Listener{"other": {tcp(t)}, Name: {unix(t)}}, nil
		}, ""},
		{"not a Unix socket", func(t *testing.T) (map[string][]net.Listener, error) {
			return map[string][]net.Listener{Name: {tcp(t)}}, nil
		}, "must be a Unix stream socket"},
		{"two of the name", func(t *testing.T) (map[string][]net.Listener, error) {
			return map[string][]net.Listener{Name: {unix(t), unix(t)}}, nil
		}, "one is enough"},
		{"only others", func(t *testing.T) (map[string][]net.Listener, error) {
			return map[string][]net.Listener{"other": {unix(t)}}, nil
		}, "has no path"},
		{"a broken environment", func(*testing.T) (map[string][]net.Listener, error) {
			return nil, errors.New("bad descriptor")
		}, "bad descriptor"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			named, passedErr := tt.passed(t)
			l, err := Unix(Options{Activated: func() (map[string][]net.Listener, error) { return named, passedErr }})
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("Unix = %v, want %q in the error", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !l.Activated() || l.Check() != nil {
				t.Errorf("Activated() = %v, Check() = %v, want true, nil", l.Activated(), l.Check())
			}
		})
	}
}

func write(t *testing.T, path string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func mkdir(t *testing.T, path string, mode fs.FileMode) string {
	t.Helper()
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // past the umask
		t.Fatal(err)
	}
	return path
}
