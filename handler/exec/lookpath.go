package exec

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// startError says why a program cannot be run, before it is tried.
type startError struct {
	path string
	code int // codeNotFound or codeNotExecutable
	why  string
}

func (e *startError) Error() string { return fmt.Sprintf("%s: %s", e.path, e.why) }

// lookPath finds a program as a shell does: in the folders of path unless the name
// holds a slash. Relative folders of path are passed over, so that the working
// directory cannot supply a program by accident. The error is a *startError.
func lookPath(name, path, dir string) (string, error) {
	if strings.Contains(name, "/") {
		file := name
		if !filepath.IsAbs(file) {
			file = filepath.Join(dir, file)
		}
		if err := check(file); err != nil {
			err.path = name
			return "", err
		}
		return file, nil
	}
	var found *startError
	for _, folder := range filepath.SplitList(path) {
		if !filepath.IsAbs(folder) {
			continue
		}
		file := filepath.Join(folder, name)
		err := check(file)
		if err == nil {
			return file, nil
		}
		if err.code == codeNotExecutable && found == nil {
			found = err
		}
	}
	if found != nil {
		return "", found
	}
	return "", &startError{path: name, code: codeNotFound, why: "not found in PATH"}
}

func check(file string) *startError {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return &startError{path: file, code: codeNotExecutable, why: "permission denied"}
	case err != nil:
		return &startError{path: file, code: codeNotFound, why: "no such file"}
	case info.IsDir():
		return &startError{path: file, code: codeNotExecutable, why: "is a directory"}
	case info.Mode()&0o111 == 0:
		return &startError{path: file, code: codeNotExecutable, why: "is not executable"}
	}
	return nil
}
