package sqlite

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/agentic-sdlc/scheduler/job"
)

// LockedError says that another process owns the file.
type LockedError struct {
	Path string
	PID  string
}

// Error names the file and its owner.
func (e *LockedError) Error() string {
	return fmt.Sprintf("%s is in use by another schedd (pid %s)", e.Path, e.PID)
}

// lockFile takes the lock beside the database for the life of this process. The
// kernel frees it however the process ends.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, openError(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		pid, _ := os.ReadFile(path + ".lock")
		_ = f.Close()
		return nil, &LockedError{Path: path, PID: strings.TrimSpace(string(pid))}
	}
	if err := f.Truncate(0); err == nil {
		_, err = f.WriteAt([]byte(fmt.Sprintf("%d\n", os.Getpid())), 0)
		if err != nil {
			_ = f.Close()
			return nil, openError(err)
		}
	}
	return f, nil
}

// openError says why the store cannot be opened.
func openError(err error) error {
	classified := classify(err)
	if e, ok := errors.AsType[*job.Error](classified); ok && e.Code == job.Internal {
		return job.Errorf(job.Unavailable, "the store cannot be opened: %w", err)
	}
	return classified
}
