package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// How long a followed log waits for a daemon that went away, and between tries.
const (
	followPatience = 30 * time.Second
	followPause    = 250 * time.Millisecond
)

// FollowLogs yields the lines of an execution as they are printed, until it is over
// or ctx ends. It survives a restart of the daemon: it asks again for what follows
// the last line it has. ref must name one execution: JOB/last may move. After an
// error nothing follows.
func (c *Client) FollowLogs(ctx context.Context, ref string, q LogQuery) iter.Seq2[job.LogEntry, error] {
	return func(yield func(job.LogEntry, error) bool) {
		var away time.Duration
		for {
			got, err := c.stream(ctx, ref, &q, yield)
			switch {
			case errors.Is(err, errStopped):
				return
			case err == nil:
				var e job.Execution
				if e, err = c.Execution(ctx, ref); err == nil && e.Status.Terminal() {
					return
				}
			}
			if got {
				away = 0
			}
			lost := err != nil && job.CodeOf(err) != job.Unavailable
			if ctx.Err() != nil || lost || away >= followPatience {
				if err == nil {
					err = context.Cause(ctx)
				}
				yield(job.LogEntry{}, err)
				return
			}
			if err != nil {
				away += followPause
			}
			pause(ctx, followPause)
		}
	}
}

// errStopped means that the caller wants no more.
var errStopped = errors.New("stopped")

// stream reads one connection's worth of lines and moves q past them.
func (c *Client) stream(ctx context.Context, ref string, q *LogQuery, yield func(job.LogEntry, error) bool) (got bool, err error) {
	query := q.values()
	query.Set("follow", "true")
	resp, err := c.open(ctx, request{method: http.MethodGet, path: path(api.RouteLogs, ref), query: query})
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 1 {
			var entry job.LogEntry
			if err := json.Unmarshal(line, &entry); err != nil {
				return got, c.explain(ctx, err)
			}
			q.After, q.Tail, got = max(q.After, entry.Seq), 0, true
			if !yield(entry, nil) {
				return got, errStopped
			}
		}
		if errors.Is(err, io.EOF) {
			return got, nil
		}
		if err != nil {
			return got, c.explain(ctx, err)
		}
	}
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
