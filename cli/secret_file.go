package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/agentic-sdlc/scheduler/job"
)

// secretFile is a file for nobody but its owner. It is made before there is a secret,
// so that none is lost because there is no place for it.
type secretFile struct {
	f    *os.File
	path string // where it will be
}

// newSecret makes a new file; one that exists is a conflict.
func newSecret(path string) (*secretFile, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, job.Errorf(job.Conflict, "%s exists", path).WithHint("name another file with --out, or remove it")
	}
	if err != nil {
		return nil, usagef("write the token: %v", err)
	}
	return &secretFile{f, path}, nil
}

// replaceSecret makes a file that takes the place of another when it is kept.
func replaceSecret(path string) (*secretFile, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, usagef("keep the token: %v", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".token-*") // mode 0600
	if err != nil {
		return nil, usagef("keep the token: %v", err)
	}
	return &secretFile{f, path}, nil
}

// keep writes the text, to last.
func (s *secretFile) keep(text string) error {
	_, err := s.f.WriteString(text + "\n")
	err = errors.Join(err, s.f.Sync(), s.f.Close())
	if err == nil && s.f.Name() != s.path {
		err = os.Rename(s.f.Name(), s.path)
	}
	if err != nil {
		_ = os.Remove(s.f.Name())
		return job.Errorf(job.Internal, "write the token: %w", err)
	}
	return nil
}

// forget removes the file.
func (s *secretFile) forget() {
	_ = s.f.Close()
	_ = os.Remove(s.f.Name())
}
