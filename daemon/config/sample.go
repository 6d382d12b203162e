package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/agentic-sdlc/scheduler/configs"
	"github.com/agentic-sdlc/scheduler/job"
)

// Init writes the commented sample to w.
func Init(w io.Writer) error {
	_, err := io.WriteString(w, configs.Sample)
	return err
}

// InitFile writes the commented sample to a new file that others cannot write. It
// never replaces a file.
func InitFile(path string) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already: choose another name, or remove it first", path)
	}
	if err != nil {
		return fmt.Errorf("write the sample: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return Init(f)
}

// Check reads the configuration as Load does, and the job files that it names, and
// returns every problem and every warning.
func Check(o Options) (problems Problems, warnings []string) {
	o.Warn = func(w string) { warnings = append(warnings, w) }
	cfg, _, err := Load(o)
	if err != nil && !errors.As(err, &problems) {
		problems.add("", "", "%v", err)
	}
	if err == nil && cfg.JobsDir != "" {
		for _, p := range JobFiles(cfg.JobsDir, job.StandardDefaults()).Problems {
			problems.add(p.Position.String(), "", "%s", p.Message)
		}
	}
	return problems, warnings
}
