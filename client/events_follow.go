package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// EventQuery says which events to follow. Zero values do not restrict.
type EventQuery struct {
	Names []string // * and ? match within names
	Jobs  []string // ids or names
	After string   // id of the last event that was seen; "" = from now on
}

// FollowEvents yields what happens until ctx ends. It survives a restart of the daemon
// and goes on after the last event that it has. An event api.StreamGap says that some may
// be missing. After an error nothing follows.
func (c *Client) FollowEvents(ctx context.Context, q EventQuery) iter.Seq2[api.BusEvent, error] {
	return func(yield func(api.BusEvent, error) bool) {
		var away time.Duration
		for {
			got, err := c.streamEvents(ctx, &q, yield)
			if errors.Is(err, errStopped) {
				return
			}
			if got {
				away = 0
			}
			lost := err != nil && job.CodeOf(err) != job.Unavailable
			if ctx.Err() != nil || lost || away >= followPatience {
				if err == nil || ctx.Err() != nil {
					err = context.Cause(ctx)
				}
				yield(api.BusEvent{}, err)
				return
			}
			away += followPause
			pause(ctx, followPause)
		}
	}
}

// streamEvents reads one connection's worth of events and moves q past them.
func (c *Client) streamEvents(ctx context.Context, q *EventQuery, yield func(api.BusEvent, error) bool) (got bool, err error) {
	v := values{}
	v.list("event", q.Names)
	v.list("job", q.Jobs)
	v.text("last_event_id", q.After)
	resp, err := c.open(ctx, request{method: http.MethodGet, path: api.RouteEventsStream, query: v.url()})
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	name := ""
	for {
		line, err := lines.ReadString('\n')
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "event: "):
			name = line[len("event: "):]
		case strings.HasPrefix(line, "data: "):
			e := api.BusEvent{Event: name}
			if json.Unmarshal([]byte(line[len("data: "):]), &e) != nil {
				return got, job.Errorf(job.Unavailable, "%s does not tell events like schedd", c.where())
			}
			e.Event, got = name, true
			if e.ID != "" {
				q.After = e.ID
			}
			if e.Event == api.StreamDropped {
				return got, nil
			}
			if !yield(e, nil) {
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
