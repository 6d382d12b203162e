package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/jobfile"
)

// jobsDir is how the folder of job files stands.
type jobsDir struct {
	state atomic.Pointer[jobsDirState]
}

type jobsDirState struct {
	dir   string // "" = there is none
	jobs  int
	at    time.Time
	fault string // why it was not applied, "" = it was
}

// health says how the folder stands, for the health check; ok is false without one.
func (d *jobsDir) health() (message, fault string, ok bool) {
	s := d.state.Load()
	if s == nil || s.dir == "" {
		return "", "", false
	}
	if s.fault != "" {
		return s.dir, s.fault, true
	}
	return fmt.Sprintf("%d jobs of %s, applied %s", s.jobs, s.dir, s.at.Format(time.RFC3339)), "", true
}

// startJobsDir applies the folder before anybody can ask. What is wrong with it keeps
// nothing from starting.
func (n *node) startJobsDir(ctx context.Context) error {
	n.applyJobsDir(ctx, &n.cfg)
	return nil
}

// applyJobsDir makes the jobs what the folder's files say, all of them or none. Every
// problem is logged with its place; then what was keeps holding.
func (n *node) applyJobsDir(ctx context.Context, cfg *config.Config) {
	state := jobsDirState{dir: cfg.JobsDir, at: n.clock.Now()}
	defer func() { n.jobsDir.state.Store(&state) }()
	if state.dir == "" {
		return
	}
	set := config.JobFiles(state.dir, defaultsOf(cfg))
	problems := set.Problems
	if len(problems) == 0 && len(set.Jobs) > 0 {
		applied, err := n.applyFiles(ctx, set)
		if err == nil {
			state.jobs = len(set.Jobs)
			n.log.InfoContext(ctx, "jobs_dir applied", slog.String("dir", state.dir), slog.Int("created", applied.Created), slog.Int("changed", applied.Changed), slog.Int("unchanged", applied.Unchanged))
			return
		}
		problems = blamed(set, state.dir, err)
	}
	for _, p := range problems {
		n.log.ErrorContext(ctx, "jobs_dir not applied, what was there before holds", slog.String("problem", p.String()))
	}
	if len(problems) > 0 {
		state.fault = fmt.Sprintf("jobs_dir was not applied: %s", problems[0])
		if more := len(problems) - 1; more > 0 {
			state.fault += fmt.Sprintf(" (and %d more)", more)
		}
	}
}

// applyFiles is one request of the daemon to itself. Another node that starts with the
// same files may be quicker: then nothing is left to do.
func (n *node) applyFiles(ctx context.Context, set *jobfile.Set) (applied api.Applied, err error) {
	for range 3 {
		who := control.Principal{Name: api.OwnerJobsDir, Role: control.RoleAdmin, Platform: control.AnyPlatform, Commands: true, Via: "jobs_dir"}
		call := control.Call{Principal: who, Now: n.clock.Now(), Reason: "jobs_dir"}
		applied, err = n.control.ApplyJobs(ctx, call, &api.Apply{Jobs: set.Definitions(), Owner: api.OwnerJobsDir})
		if job.CodeOf(err) != job.Conflict {
			break
		}
	}
	return applied, err
}

// blamed gives an error its places in the files.
func blamed(set *jobfile.Set, dir string, err error) jobfile.Problems {
	if e, ok := errors.AsType[*job.Error](err); ok {
		if problems, ok := set.Blame(e.Fields); ok {
			return problems
		}
	}
	return jobfile.Problems{{Position: jobfile.Position{File: dir}, Code: string(job.CodeOf(err)), Message: err.Error()}}
}
