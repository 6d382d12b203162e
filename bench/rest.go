package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// rest measures a daemon that has much to remember and little to do: how soon it runs
// something after a start, what it occupies, and what it burns while nothing is due.
func rest(ctx context.Context, dir string, s size) ([]Figure, error) {
	if err := stock(ctx, dir, s.Stored); err != nil {
		return nil, err
	}
	var restarts, resident, peak []float64
	var last vitals
	for i := range s.Restarts {
		idle := time.Duration(0)
		if i == s.Restarts-1 {
			idle = s.Idle
		}
		if err := overdue(ctx, dir, i); err != nil {
			return nil, err
		}
		start := time.Now()
		v, err := spawn(ctx, dir, idle)
		if err != nil {
			return nil, err
		}
		restarts = append(restarts, millis(v.FirstRun.Sub(start)))
		resident, peak, last = append(resident, v.Resident), append(peak, v.Peak), v
	}
	what := number(float64(s.Stored)) + " jobs stored: "
	return []Figure{
		medianOf(what+"start of the process → first run", "ms", restarts, atMost(1000)),
		medianOf(what+"resident memory, highest", "MiB", peak, atMost(120)),
		medianOf(what+"resident memory, at the end", "MiB", resident, nil),
		{
			What: fmt.Sprintf("%sCPU while nothing is due, of one core, over %s", what, last.Watched.Round(time.Second)), Unit: "%",
			Value: 100 * last.Used.Seconds() / last.Watched.Seconds(), Goal: atMost(0.5),
		},
	}, nil
}

// stock makes a store with so many jobs that are due some other time.
func stock(ctx context.Context, dir string, jobs int) error {
	s, err := openStore(ctx, database(dir))
	if err != nil {
		return err
	}
	err = create(ctx, s, 1, func(int) job.Job { return definition("idle", "0 0 1 1 *", wall(), nil) })
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	return fill(ctx, database(dir), func(b *bulk) error { return b.copy(ctx, "idle", jobs-1, "true", true) })
}

// overdue adds a one-time job that is due already, so that the next start has
// something to run.
func overdue(ctx context.Context, dir string, i int) error {
	s, err := openStore(ctx, database(dir))
	if err != nil {
		return err
	}
	err = create(ctx, s, 1, func(int) job.Job {
		now := wall()
		return definition(fmt.Sprintf("first%d", i), "", now, func(j *job.Job) { j.Type, j.ExecuteAt = job.TypeOneTime, &now })
	})
	return errors.Join(err, s.Close())
}

// vitals are what the child tells of itself.
type vitals struct {
	FirstRun time.Time
	Resident float64 // MiB
	Peak     float64 // MiB
	Used     time.Duration
	Watched  time.Duration
}

// spawn runs this program as a daemon of its own; see child.
func spawn(ctx context.Context, dir string, idle time.Duration) (v vitals, err error) {
	self, err := os.Executable()
	if err != nil {
		return v, err
	}
	cmd := exec.CommandContext(ctx, self, "-child", database(dir), "-idle", idle.String())
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return v, fmt.Errorf("the daemon's process: %w", err)
	}
	return v, json.Unmarshal(out, &v)
}
