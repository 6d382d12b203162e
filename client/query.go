package client

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// Page is one page of a list.
type Page[T any] struct {
	Items []T
	// NextCursor asks for the following page; "" = this is the last.
	NextCursor string
	// Total is the number of things that match, -1 when it was not asked for.
	Total int64
}

// JobQuery selects jobs: conditions are joined by AND, the values of one by OR.
// Zero values do not restrict.
type JobQuery struct {
	Types                       []job.Type
	Statuses                    []job.JobStatus
	Tags                        []string // any of
	TagsAll                     []string // all of
	NameContains                string   // case-insensitive
	Names                       []string // * and ? match within names
	Handlers                    []string
	CreatedBy                   string
	CreatedAfter, CreatedBefore time.Time
	NextRunAfter, NextRunBefore time.Time
	Failing                     bool // the newest finished execution did not succeed

	SortBy    string // created_at | next_run | name | priority; "" = the daemon's
	SortOrder string // asc | desc
	Limit     int    // at most 100; 0 = 50
	Offset    int
	Cursor    string
	WithTotal bool
}

func (q JobQuery) values() url.Values {
	v := values{}
	v.list("type", texts(q.Types))
	v.list("status", texts(q.Statuses))
	v.list("tags", q.Tags)
	v.list("tags_all", q.TagsAll)
	v.text("name_contains", q.NameContains)
	v.list("name", q.Names)
	v.list("handler", q.Handlers)
	v.text("created_by", q.CreatedBy)
	v.time("created_after", q.CreatedAfter)
	v.time("created_before", q.CreatedBefore)
	v.time("next_run_after", q.NextRunAfter)
	v.time("next_run_before", q.NextRunBefore)
	v.flag("failing", q.Failing)
	v.text("sort_by", q.SortBy)
	v.text("sort_order", q.SortOrder)
	v.number("limit", int64(q.Limit))
	v.number("offset", int64(q.Offset))
	v.text("cursor", q.Cursor)
	v.flag("total", q.WithTotal)
	return v.url()
}

// ExecutionQuery selects executions.
type ExecutionQuery struct {
	Job          string // id or name; "" = all jobs
	Statuses     []job.Status
	Triggers     []job.Trigger
	Since, Until time.Time // of scheduled_at: inclusive, exclusive
	Dead         bool      // in the dead letters
	Workers      []string  // nodes that ran the last attempt
	Handlers     []string  // of the job as it is now
	ErrorClasses []string  // of the last attempt
	// MinDuration and MaxDuration bound how long the last attempt took, inclusively, in whole
	// milliseconds; 0 = no bound.
	MinDuration, MaxDuration time.Duration
	Text                     string // in the name of the job, the error or the reason of a skip, whatever the case
	WithLogs                 bool   // fill in the last 20 lines of each

	SortOrder string // desc (newest first, the default) | asc
	Limit     int    // at most 100; 0 = 50
	Cursor    string
	WithTotal bool
}

func (q ExecutionQuery) values() url.Values {
	v := values{}
	v.text("job", q.Job)
	v.list("status", texts(q.Statuses))
	v.list("trigger", texts(q.Triggers))
	v.time("since", q.Since)
	v.time("until", q.Until)
	v.flag("dead", q.Dead)
	v.list("worker", q.Workers)
	v.list("handler", q.Handlers)
	v.list("error_class", q.ErrorClasses)
	v.number("min_duration_ms", q.MinDuration.Milliseconds())
	v.number("max_duration_ms", q.MaxDuration.Milliseconds())
	v.text("text", q.Text)
	v.flag("include_logs", q.WithLogs)
	v.text("sort_order", q.SortOrder)
	v.number("limit", int64(q.Limit))
	v.text("cursor", q.Cursor)
	v.flag("total", q.WithTotal)
	return v.url()
}

// LogQuery selects lines of one execution.
type LogQuery struct {
	After        int64 // only lines after this seq
	Attempt      int   // 0 = all
	Level        job.LogLevel
	Contains     string
	Since, Until time.Time
	Tail         int // only the last so many
	Limit        int
}

func (q LogQuery) values() url.Values {
	v := values{}
	v.number("after", q.After)
	v.number("attempt", int64(q.Attempt))
	v.text("level", string(q.Level))
	v.text("contains", q.Contains)
	v.time("since", q.Since)
	v.time("until", q.Until)
	v.number("tail", int64(q.Tail))
	v.number("limit", int64(q.Limit))
	return v.url()
}

// values collects query parameters and leaves out what is zero.
type values url.Values

func (v values) url() url.Values { return url.Values(v) }

func (v values) text(name, value string) {
	if value != "" {
		url.Values(v).Set(name, value)
	}
}

func (v values) list(name string, items []string) { v.text(name, strings.Join(items, ",")) }

func (v values) number(name string, n int64) {
	if n != 0 {
		url.Values(v).Set(name, strconv.FormatInt(n, 10))
	}
}

func (v values) flag(name string, on bool) {
	if on {
		url.Values(v).Set(name, "true")
	}
}

func (v values) time(name string, t time.Time) {
	if !t.IsZero() {
		url.Values(v).Set(name, t.UTC().Format(time.RFC3339Nano))
	}
}

func texts[T ~string](items []T) []string {
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = string(item)
	}
	return out
}
