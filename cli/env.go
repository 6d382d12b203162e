package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/agentic-sdlc/scheduler/internal/build"
)

// Env is the world around one invocation. Tests fake it.
type Env struct {
	In       io.Reader
	Out, Err io.Writer
	Getenv   func(string) string
	Now      func() time.Time
	// IsTerminal reports whether In, Out or Err is a terminal.
	IsTerminal func(stream any) bool
	// Width and Height return the columns and lines of the terminal; 0 = unknown.
	Width  func() int
	Height func() int
	// Build says which build of schedctl this is.
	Build func() build.Info
	// Zone is the time zone of whoever looks.
	Zone *time.Location
	// Account says who is calling.
	Account func() (Account, error)
	// ReadLink and ReadFile read the system's time zone and what arguments name.
	ReadLink func(path string) (string, error)
	ReadFile func(path string) ([]byte, error)
	// WriteFile writes a file of this user, whole or not at all, with the folder around it.
	WriteFile func(path string, text []byte) error
	// Page shows text through a shell command; Edit lets a shell command change it. Name
	// is what the file is called.
	Page func(command string, text []byte) error
	Edit func(command, name string, text []byte) ([]byte, error)
	// ReadDir lists a folder that an argument names, by name.
	ReadDir func(path string) ([]os.DirEntry, error)
	// Become ends this program and runs another in its place, found beside it or on PATH.
	// It returns only with an error.
	Become func(name string, args []string) error
}

// Account is an entry of the user database.
type Account struct {
	Name, Home string
}

// remembered asks about each stream once: a table asks for every row.
func remembered(ask func(stream any) bool) func(stream any) bool {
	var known sync.Map
	return func(stream any) bool {
		answer, ok := known.Load(stream)
		if !ok {
			answer, _ = known.LoadOrStore(stream, ask(stream))
		}
		return answer.(bool)
	}
}

// System is the real world. A reader that goes away, as in "| head", is an error
// of a write from now on, not a signal.
func System() Env {
	signal.Ignore(syscall.SIGPIPE)
	return Env{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Getenv: os.Getenv,
		Now:    time.Now,
		Zone:   time.Local,
		IsTerminal: remembered(func(stream any) bool {
			f, ok := stream.(*os.File)
			return ok && term.IsTerminal(int(f.Fd()))
		}),
		Width: func() int {
			w, _, _ := term.GetSize(int(os.Stdout.Fd()))
			return max(w, 0)
		},
		Height: func() int {
			_, h, _ := term.GetSize(int(os.Stdout.Fd()))
			return max(h, 0)
		},
		Build:     build.Get,
		Account:   currentAccount,
		ReadLink:  os.Readlink,
		ReadFile:  os.ReadFile,
		ReadDir:   os.ReadDir,
		WriteFile: writeFile,
		Page:      page,
		Edit:      edit,
		Become:    become,
	}
}

// writeFile writes beside the file and renames, so that nobody reads half of it.
func writeFile(path string, text []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".schedctl-*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// page gives text to a pager. Whoever leaves it early has seen enough.
func page(command string, text []byte) error {
	cmd := exec.Command("sh", "-c", command)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(text), os.Stdout, os.Stderr
	err := cmd.Run()
	if _, ran := errors.AsType[*exec.ExitError](err); ran || errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}

// edit runs an editor on a file of its own.
func edit(command, name string, text []byte) ([]byte, error) {
	dir, err := os.MkdirTemp("", "schedctl-edit-") // for this user alone
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command("sh", "-c", command+` "$1"`, "sh", path)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// become looks beside this program first: the two come together.
func become(name string, args []string) error {
	path := name
	if self, err := os.Executable(); err == nil {
		path = filepath.Join(filepath.Dir(self), name)
	}
	if _, err := exec.LookPath(path); err != nil {
		if path, err = exec.LookPath(name); err != nil {
			return err
		}
	}
	return syscall.Exec(path, append([]string{name}, args...), os.Environ())
}

func currentAccount() (Account, error) {
	u, err := user.Current()
	if err != nil {
		return Account{}, err
	}
	return Account{Name: u.Username, Home: u.HomeDir}, nil
}
