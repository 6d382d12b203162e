package control

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// disk looks at the room that is left, so that somebody makes some while everything
// still works: once it is used up, nothing starts.
func (h *examination) disk() {
	o := &h.s.o.Health
	if o.Disk == nil {
		return
	}
	free, total, err := o.Disk()
	if err != nil {
		return // whoever writes there says what is wrong
	}
	part := api.Component{Status: up, Message: fmt.Sprintf("%s of %s left", size(free), size(total))}
	switch {
	case free < o.DiskFull:
		part.Status = down
		h.issue("disk", "full", severityError, makeRoom, "%s are left on the disk of the store: new jobs, runs and events are refused and output is not kept, so that what is due is recorded still", size(free))
	case free < o.DiskLow:
		h.issue("disk", "low", severityWarning, makeRoom, "%s are left where data_dir is: when they are used up, nothing starts any more", size(free))
	}
	h.answer.Components["disk"] = part
}

// makeRoom is what to do about a disk.
const makeRoom = "schedctl cleanup --older-than 7d, or df -h"

// Room refuses new work, storage_full, while the last of the room on the disk of the store
// is kept for what was promised: the due times of jobs, and how runs end. It looks each
// time, so that work is taken again as soon as there is room.
func (s *Service) Room() error {
	o := &s.o.Health
	if o.Disk == nil || o.DiskFull <= 0 {
		return nil
	}
	free, _, err := o.Disk()
	if err != nil || free >= o.DiskFull {
		return nil //nolint:nilerr // whoever writes there says what is wrong
	}
	return job.Errorf(job.StorageFull, "%s are left on the disk of the store: no new jobs, runs or events are taken, only what is due is run", size(free)).
		WithHint("free some room: %s; schedd goes on by itself above %s (health.disk_full_bytes)", makeRoom, size(o.DiskFull))
}

// logSize is how much the logs of executions take, as it was found last. To find it
// costs the more, the more executions there are.
type logSize struct {
	sync.Mutex
	at    time.Time
	bytes int64
}

// logSizeFor is how long what was found is told.
const logSizeFor = time.Minute

// logs tells how large logs are, and may become. The oldest lines go by themselves.
func (h *examination) logs(ctx context.Context) {
	caps, known := h.s.o.Cleanup.LogCaps, &h.s.logSize
	known.Lock()
	defer known.Unlock()
	if known.at.IsZero() || h.now.Sub(known.at).Abs() >= logSizeFor {
		bytes, err := h.s.store.LogBytes(ctx)
		if err != nil {
			return
		}
		known.at, known.bytes = h.now, bytes
	}
	message := size(known.bytes)
	if caps.Total > 0 {
		message += fmt.Sprintf(" of %s at most, %s a job", size(caps.Total), size(caps.Job))
	}
	h.answer.Components["logs"] = api.Component{Status: up, Message: message}
}

// size is a number of bytes for people.
func size(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	default:
		return fmt.Sprintf("%d KiB", (n+1<<10-1)>>10)
	}
}
