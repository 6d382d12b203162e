package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/jobfile"
)

// JobFiles reads and checks the job files of a folder, by name. Whoever can write them
// chooses what the daemon runs, so they are trusted as the configuration is, and so is
// the folder. A file with nothing but blanks and comments holds no job.
func JobFiles(dir string, d job.Defaults) *jobfile.Set {
	set := &jobfile.Set{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		set.Fail(dir, fmt.Sprintf("cannot read it: %v", cause(err)))
		return set
	}
	if info, err := os.Stat(dir); err == nil {
		for _, fault := range Untrusted(dir, info) {
			set.Fail(dir, fault)
		}
	}
	for _, e := range entries {
		if jobfile.IsName(e.Name()) && !e.IsDir() {
			addJobFile(set, filepath.Join(dir, e.Name()))
		}
	}
	set.Check(d)
	return set
}

func addJobFile(set *jobfile.Set, path string) {
	data, faults, err := readTrusted(path)
	if err != nil {
		set.Fail(path, fmt.Sprintf("cannot read it: %v", cause(err)))
		return
	}
	for _, fault := range faults {
		set.Fail(path, fault)
	}
	if len(faults) == 0 && len(bytes.TrimSpace(data)) > 0 {
		set.Add(path, data)
	}
}

// readTrusted reads a file that nobody else can write.
func readTrusted(path string) (data []byte, faults []string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, nil, err
	case !info.Mode().IsRegular():
		return nil, []string{"is not a regular file"}, nil
	}
	if faults = Untrusted(path, info); len(faults) > 0 {
		return nil, faults, nil
	}
	data, err = io.ReadAll(io.LimitReader(f, jobfile.MaxFile+1))
	return data, nil, err
}
