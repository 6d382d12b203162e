package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
)

// calm is what passes between the first run and the watch over an idle daemon.
const calm = 3 * time.Second

// workers is how many slots schedd has by default.
const workers = 64

// child is the daemon that the part rest measures: a store, an engine and nothing
// else. It writes its vitals to standard output.
func child(ctx context.Context, o options) error {
	s, err := openStore(ctx, o.child)
	if err != nil {
		return err
	}
	b, first := alone(s), make(chan time.Time, 1)
	settled := b.store.after(1)
	e := startEngine(ctx, b, workers, func(context.Context, *handler.Task) (handler.Result, error) {
		first <- time.Now()
		return handler.Result{}, nil
	})
	v, err := watch(ctx, o.size.Idle, first, settled)
	if err := errors.Join(err, e.stop()); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(v)
}

// watch waits for the first run, and looks at the process while nothing is due.
func watch(ctx context.Context, idle time.Duration, first, settled <-chan time.Time) (v vitals, err error) {
	if v.FirstRun, err = await(ctx, first, "the first run"); err != nil {
		return v, err
	}
	if _, err = await(ctx, settled, "its end"); err != nil {
		return v, err
	}
	if idle > 0 {
		if err := until(ctx, time.Now().Add(calm)); err != nil {
			return v, err
		}
		start, before := time.Now(), used(syscall.RUSAGE_SELF)
		if err := until(ctx, start.Add(idle)); err != nil {
			return v, err
		}
		v.Used, v.Watched = used(syscall.RUSAGE_SELF)-before, time.Since(start)
	}
	v.Resident, v.Peak, err = occupied()
	return v, err
}

// occupied returns the resident set in MiB, now and at its highest. Linux alone; the
// peak of getrusage is no use, for it includes the parent's.
func occupied() (resident, peak float64, err error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		kib, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
		switch name {
		case "VmRSS":
			resident = kib / 1024
		case "VmHWM":
			peak = kib / 1024
		}
	}
	return resident, peak, nil
}
