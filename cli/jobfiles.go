package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/jobfile"
)

// fileFlags are the job files that a command reads.
type fileFlags struct {
	files []string
}

// declare adds the flag.
func (o *fileFlags) declare(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP(&o.files, "file", "f", nil, "job file, folder of job files, or - for standard input; may be given again")
}

// load reads and checks the files.
func (o *fileFlags) load(a *app) (*jobfile.Set, error) {
	if len(o.files) == 0 {
		return nil, usagef("missing flag --file").WithHint("give -f FILE, -f DIR or -f -; see %q", "schedctl help job-files")
	}
	set := &jobfile.Set{}
	seen := map[string]bool{}
	for _, path := range o.files {
		if seen[path] {
			return nil, usagef("--file %s is given twice", path)
		}
		seen[path] = true
		a.addPath(set, path)
	}
	set.Check(job.StandardDefaults())
	if len(set.Jobs) == 0 && len(set.Problems) == 0 {
		return nil, usagef("no job in %s", strings.Join(o.files, ", "))
	}
	return set, nil
}

// addPath reads a file, the job files of a folder, or standard input.
func (a *app) addPath(set *jobfile.Set, path string) {
	data, err := a.slurp(path, jobfile.MaxFile)
	switch {
	case path == "-" && err == nil:
		set.Add("stdin", data)
	case err == nil:
		set.Add(path, data)
	case errors.Is(err, syscall.EISDIR):
		a.addFolder(set, path)
	case os.IsNotExist(err):
		set.Fail(path, "no such file")
	default:
		set.Fail(path, fmt.Sprintf("cannot be read: %v", err))
	}
}

func (a *app) addFolder(set *jobfile.Set, dir string) {
	entries, err := a.env.ReadDir(dir)
	if err != nil {
		set.Fail(dir, fmt.Sprintf("cannot be read: %v", err))
		return
	}
	found := false
	for _, e := range entries {
		if jobfile.IsName(e.Name()) && !e.IsDir() {
			found = true
			a.addPath(set, filepath.Join(dir, e.Name()))
		}
	}
	if !found {
		set.Fail(dir, "the folder holds no *.yaml, *.yml or *.json file")
	}
}

// problemsShown is how many problems people are shown: a folder that is not one of jobs has
// thousands.
const problemsShown = 100

// problemLines prints problems to a stream, with excerpts on a terminal.
func (a *app) problemLines(w io.Writer, set *jobfile.Set, problems jobfile.Problems) {
	if more := len(problems) - problemsShown; more > 0 {
		problems = problems[:problemsShown]
		defer a.note("... and %d more; -o json has all", more)
	}
	for _, p := range problems {
		_, _ = io.WriteString(w, render.Clean(p.String())+"\n")
		excerpt := jobfile.Excerpt(set.Text(p.File), p.Position)
		if !a.env.IsTerminal(w) && w != io.Writer(a.out) || w == io.Writer(a.out) && !a.outTTY() {
			continue
		}
		for line := range strings.Lines(excerpt) {
			_, _ = io.WriteString(w, render.CleanLine(line)+"\n")
		}
	}
}

// refuse tells what is wrong with files, and ends the command with the status of the
// code.
func (a *app) refuse(set *jobfile.Set, problems jobfile.Problems, code job.Code) error {
	summary := &job.Error{Code: code, Message: countProblems(set, problems)}
	if a.structured() {
		for _, p := range problems {
			summary.Fields = append(summary.Fields, job.FieldError{Field: p.Position.String(), Code: p.Code, Message: p.Message})
		}
		return summary
	}
	a.problemLines(a.env.Err, set, problems)
	return summary
}

func countProblems(set *jobfile.Set, problems jobfile.Problems) string {
	return human.Plural(len(problems), "problem") + " in " + human.Plural(set.Files(), "file")
}

// blame gives an error of the daemon about jobs[N] its place in the files.
func (a *app) blame(set *jobfile.Set, err error) error {
	e, ok := errors.AsType[*job.Error](err)
	if !ok {
		return err
	}
	problems, ok := set.Blame(e.Fields)
	if !ok {
		return err
	}
	refused := a.refuse(set, problems, e.Code)
	if e, ok := errors.AsType[*job.Error](refused); ok {
		return e.WithHint("nothing was applied")
	}
	return refused
}
