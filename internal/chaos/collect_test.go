package chaos

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// dump reads all jobs and executions as the store has them, through a node.
func (w *site) dump(ctx context.Context, h *History) {
	w.Helper()
	cl := w.nodes[0].client
	names := map[job.ID]string{}
	q := client.JobQuery{Limit: 100, SortBy: "created_at", SortOrder: "asc"}
	for {
		page, err := cl.Jobs(ctx, q)
		if err != nil {
			w.Fatal(err)
		}
		for _, j := range page.Items {
			names[j.ID] = j.Name
			h.Jobs = append(h.Jobs, Job{
				Name: j.Name, Platform: slug(j.PlatformID), Status: string(j.Status), Schedule: j.Schedule,
				Executions: j.ExecutionsCount, Success: j.SuccessCount, Failure: j.FailureCount, Skipped: j.SkippedCount,
			})
		}
		if q.Cursor = page.NextCursor; q.Cursor == "" {
			break
		}
	}
	e := client.ExecutionQuery{Limit: 100, SortOrder: "asc"}
	for {
		page, err := cl.Executions(ctx, e)
		if err != nil {
			w.Fatal(err)
		}
		for i := range page.Items {
			h.Rows = append(h.Rows, w.row(ctx, cl, &page.Items[i], names))
		}
		if e.Cursor = page.NextCursor; e.Cursor == "" {
			break
		}
	}
	w.audits(ctx, cl, h)
}

func (w *site) row(ctx context.Context, cl *client.Client, e *job.Execution, names map[job.ID]string) Row {
	w.Helper()
	r := Row{
		ID: e.ID.String(), Job: names[e.JobID], Platform: slug(e.PlatformID), N: e.RunNumber, Trigger: string(e.Trigger), Slot: e.ScheduledAt, Status: string(e.Status),
		Skip: string(e.SkipReason), Class: e.ErrorClass, Created: e.CreatedAt, Attempt: e.Attempt, Retries: e.RetryCount, Lost: e.LostCount, Token: e.Token,
		Asked: e.CancelRequestedAt != nil, CatchUp: e.CatchUp,
	}
	if e.CompletedAt != nil {
		r.Completed = *e.CompletedAt
	}
	if e.RetryOf != nil {
		r.RetryOf = e.RetryOf.String()
	}
	if e.Attempt == 0 {
		return r
	}
	full, err := cl.Execution(ctx, r.ID)
	if err != nil {
		w.Fatal(err)
	}
	for _, a := range full.Attempts {
		attempt := Attempt{N: a.Attempt, Token: a.Token, Node: a.WorkerID, Status: a.Status, Started: a.StartedAt}
		if a.CompletedAt != nil {
			attempt.Completed = *a.CompletedAt
		}
		r.Attempts = append(r.Attempts, attempt)
	}
	return r
}

func slug(platform *string) string {
	if platform == nil {
		return "default"
	}
	return *platform
}

// audits asks the daemon for its own audit of slots.
func (w *site) audits(ctx context.Context, cl *client.Client, h *History) {
	w.Helper()
	cursor := ""
	for {
		page, err := cl.AuditSlots(ctx, "", cursor, 100)
		if err != nil {
			w.Fatal(err)
		}
		for _, a := range page.Items {
			for _, f := range a.Findings {
				h.Audits = append(h.Audits, Audit{Job: a.Job, Found: f.Kind + " " + f.Message})
			}
		}
		if cursor = page.NextCursor; cursor == "" {
			return
		}
	}
}

// testimony reads the witness's file.
func (w *site) testimony() []Mark {
	w.Helper()
	f, err := os.Open(w.marks)
	if err != nil {
		w.Fatal(err)
	}
	defer f.Close()
	h, err := Read(f)
	if err != nil {
		w.Fatal(err)
	}
	return h.Marks
}

// logs reads what the daemons said: refused results, and what they should never say.
func (w *site) logs(h *History) {
	w.Helper()
	for _, n := range w.nodes {
		f, err := os.Open(n.path("log"))
		if err != nil {
			w.Fatal(err)
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			text := lines.Bytes()
			if bytes.Contains(text, []byte("panic:")) || bytes.Contains(text, []byte("DATA RACE")) {
				w.Errorf("%s says: %s", n.name, text)
			}
			var said struct {
				Msg         string `json:"msg"`
				ExecutionID string `json:"execution_id"`
				Token       int64  `json:"token"`
			}
			if json.Unmarshal(text, &said) == nil && strings.HasPrefix(said.Msg, "a late result was refused") {
				h.Refused = append(h.Refused, Refusal{said.ExecutionID, said.Token})
			}
		}
		_ = f.Close()
	}
}

// meter reads what the daemons use, now and then.
type meter struct {
	mu    sync.Mutex
	usage []Usage
}

func (m *meter) live(ctx context.Context, w *site) {
	for ctx.Err() == nil {
		m.read(w)
		pause(ctx, 5*time.Second)
	}
}

func (m *meter) read(w *site) {
	for _, n := range w.nodes {
		n.mu.Lock()
		up, pid := n.up, n.proc.Pid
		n.mu.Unlock()
		if !up {
			continue
		}
		dir := "/proc/" + strconv.Itoa(pid)
		fds, err := os.ReadDir(filepath.Join(dir, "fd"))
		if err != nil {
			continue
		}
		u := Usage{Of: fmt.Sprintf("%s/%d", n.name, pid), At: time.Now().UTC(), Counts: map[string]int64{"fds": int64(len(fds)), "zombies": zombies(pid)}}
		status, _ := os.ReadFile(filepath.Join(dir, "status"))
		for text := range strings.Lines(string(status)) {
			name, value, _ := strings.Cut(text, ":")
			fields := strings.Fields(value)
			if len(fields) == 0 {
				continue
			}
			count, _ := strconv.ParseInt(fields[0], 10, 64)
			switch name {
			case "Threads":
				u.Counts["threads"] = count
			case "VmRSS":
				u.Counts["rss_kb"] = count
			}
		}
		m.mu.Lock()
		m.usage = append(m.usage, u)
		m.mu.Unlock()
	}
}

// zombies counts the dead children of a process that it did not collect.
func zombies(pid int) (n int64) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		text, _ := os.ReadFile(file)
		_, rest, _ := bytes.Cut(text, []byte(") "))
		if f := bytes.Fields(rest); len(f) > 1 && string(f[0]) == "Z" && string(f[1]) == strconv.Itoa(pid) {
			n++
		}
	}
	return n
}
