package cli

import (
	"io"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/term"
)

// Env is the world around one invocation. Tests fake it.
type Env struct {
	In       io.Reader
	Out, Err io.Writer
	Getenv   func(string) string
	Now      func() time.Time
	// IsTerminal reports whether In, Out or Err is a terminal.
	IsTerminal func(stream any) bool
	// Width returns the columns of the terminal; 0 = unknown.
	Width func() int
	// Zone is the time zone of whoever looks.
	Zone *time.Location
	// Account says who is calling.
	Account func() (Account, error)
	// ReadLink and ReadFile read the system's time zone and what arguments name.
	ReadLink func(path string) (string, error)
	ReadFile func(path string) ([]byte, error)
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

// System is the real world. A reader that goes away, as in "| head", is an error
// of a write from now on, not a signal.
func System() Env {
	signal.Ignore(syscall.SIGPIPE)
	return Env{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Getenv: os.Getenv,
		Now:    time.Now,
		Zone:   time.Local,
		IsTerminal: func(stream any) bool {
			f, ok := stream.(*os.File)
			return ok && term.IsTerminal(int(f.Fd()))
		},
		Width: func() int {
			w, _, err := term.GetSize(int(os.Stdout.Fd()))
			if err != nil {
				return 0
			}
			return w
		},
		Account:  currentAccount,
		ReadLink: os.Readlink,
		ReadFile: os.ReadFile,
		ReadDir:  os.ReadDir,
		Become:   become,
	}
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
