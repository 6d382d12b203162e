package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
)

// TestRun holds rows B60 and B61.
func TestRun(t *testing.T) {
	b := newBench(t)
	b.cron("nightly", "")
	path := base + "/jobs/nightly/run"
	first := read[job.Execution](b.do("POST", path, `{"payload":{"a":1}}`, "Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").want(201))
	if first.Status != job.Pending || first.Trigger != job.TriggerManual || first.TriggeredBy != "root" || first.RunNumber != 1 ||
		string(first.Payload) != `{"a":1}` || first.TraceID != "4bf92f3577b34da6a3ce929d0e0e4736" || first.ParentSpanID != "00f067aa0ba902b7" {
		t.Errorf("execution = %+v", first)
	}
	if second := read[job.Execution](b.do("POST", path, "").want(201)); second.Status != job.Skipped || second.SkipReason != job.SkipOverlap {
		t.Errorf("a run that overlaps = %+v", second)
	}
	if third := read[job.Execution](b.do("POST", path, `{"overlap":"allow"}`).want(201)); third.Status != job.Pending {
		t.Errorf("a run that may overlap = %+v", third)
	}
	for _, bad := range []string{`{"overlap":"sometimes"}`, `{"payload":[]}`, `{"payload":null}`, `{"force":1}`, `{"forse":true}`, `[]`} {
		b.do("POST", path, bad).want(400)
	}
	b.do("POST", base+"/jobs/nightly/pause", "").want(204)
	b.do("POST", path, "").want(409)
	b.do("POST", path, `{"force":true,"overlap":"allow"}`).want(201)
	if got := b.do("POST", base+"/jobs/nigthly/run", "").want(404); !strings.Contains(string(got.Body), "did you mean nightly?") {
		t.Errorf("no suggestion in %s", got.Body)
	}
}

func TestRetryAndCancel(t *testing.T) {
	b := newBench(t)
	b.cron("nightly", "")
	e := read[job.Execution](b.do("POST", base+"/jobs/nightly/run", `{"payload":{"a":1}}`).want(201))
	for _, ref := range []string{e.ID.String(), strings.ToUpper(e.ID.String()), "nightly%2F1", "nightly:1", "nightly%2Flast"} {
		if got := read[job.Execution](b.do("GET", base+"/executions/"+ref, "").want(200)); got.ID != e.ID {
			t.Errorf("%s is %s, want %s", ref, got.ID, e.ID)
		}
	}
	for _, ref := range []string{"nightly%2F2", "nightly", "nightly%2Flast-failed", "%2F1", "nightly%2F-1", "nightly%2F1%2F1"} {
		b.do("GET", base+"/executions/"+ref, "").want(404)
	}
	b.do("POST", base+"/executions/nightly%2F1/retry", "").want(409)
	b.settle(e.ID, job.EventFail)
	b.do("POST", base+"/executions/nightly%2F1/cancel", "").want(409)
	if dead := read[[]job.Execution](b.do("GET", base+"/executions?dead=true", "").want(200)); len(dead) != 1 || dead[0].ID != e.ID {
		t.Errorf("dead letters = %+v, want the failed one", dead)
	}
	retry := read[job.Execution](b.do("POST", base+"/executions/nightly:last-failed/retry", "").want(201))
	if retry.Trigger != job.TriggerRetry || retry.RetryOf == nil || *retry.RetryOf != e.ID || string(retry.Payload) != `{"a":1}` {
		t.Errorf("retry = %+v", retry)
	}
	b.do("POST", base+"/executions/nightly%2F1/retry", "").want(409)
	cancelled := read[job.Execution](b.do("POST", base+"/executions/nightly%2F2/cancel", `{"reason":"obsolete"}`).want(200))
	if cancelled.Status != job.Cancelled {
		t.Errorf("cancelled = %+v", cancelled)
	}
	again := read[job.Execution](b.do("POST", base+"/executions/nightly%2F2/retry", `{"payload":{"b":2}}`).want(201))
	if string(again.Payload) != `{"b":2}` {
		t.Errorf("retry with a payload = %+v", again)
	}
	b.settle(again.ID, "")
	running := read[job.Execution](b.do("POST", base+"/executions/"+again.ID.String()+"/cancel", "").want(200))
	if running.Status != job.Running || running.CancelRequestedAt == nil {
		t.Errorf("a running execution that was asked to stop = %+v", running)
	}
	list := func(query string) int { return len(read[[]job.Execution](b.do("GET", base+query, "").want(200))) }
	for query, want := range map[string]int{
		"/executions": 3, "/executions?job=nightly&status=failed,cancelled": 2, "/executions?trigger=retry": 2, "/executions?dead=true": 0,
		"/jobs/nightly/executions?since=2026-11-23T12:00:00Z&until=2026-11-23T12:00:01Z": 3, "/executions?until=2026-11-23T12:00:00Z": 0, "/jobs/nightly/executions?limit=1": 1,
	} {
		if got := list(query); got != want {
			t.Errorf("%s: %d executions, want %d", query, got, want)
		}
	}
	b.do("GET", base+"/jobs/nope/executions", "").want(404)
}

// TestCancelRunningHint checks that executors learn at once who is to stop.
func TestCancelRunningHint(t *testing.T) {
	var told []job.ID
	b := newBench(t, func(c *control.Options, _ *Options) {
		c.CancelRunning = func(ids []job.ID) { told = append(told, ids...) }
	})
	b.cron("nightly", "")
	e := read[job.Execution](b.do("POST", base+"/jobs/nightly/run", "").want(201))
	b.settle(e.ID, "")
	b.do("POST", base+"/jobs/nightly/cancel", `{"cancel_running":true}`).want(204)
	if len(told) != 1 || told[0] != e.ID {
		t.Errorf("told %v, want %s", told, e.ID)
	}
}

// log prints lines for an execution.
func (b *bench) log(id job.ID, from int, lines ...string) {
	b.t.Helper()
	entries := make([]job.LogEntry, len(lines))
	for i, line := range lines {
		level, text, _ := strings.Cut(line, " ")
		entries[i] = job.LogEntry{
			Seq: int64(from + i), ExecutionID: id, Attempt: 1, Timestamp: monday.Add(time.Duration(from+i) * time.Second),
			Level: job.LogLevel(level), Stream: job.StreamStdout, Message: text,
		}
	}
	if err := b.store.AppendLogs(context.Background(), entries); err != nil {
		b.t.Fatal(err)
	}
}

func TestLogs(t *testing.T) {
	b := newBench(t)
	b.cron("nightly", "")
	e := read[job.Execution](b.do("POST", base+"/jobs/nightly/run", "").want(201))
	path := base + "/executions/nightly%2F1/logs"
	if got := b.do("GET", path, "").want(200); string(got.Body) != "[]\n" {
		t.Errorf("no lines = %q", got.Body)
	}
	b.log(e.ID, 1, "info one", "debug two", "warn three <b>", "error four", "info five")
	for query, want := range map[string]string{
		"": "12345", "?after=2": "345", "?level=warn": "34", "?contains=TH": "3", "?tail=2": "45", "?limit=2": "12", "?attempt=1": "12345", "?attempt=2": "",
		"?since=2026-11-23T12:00:02Z&until=2026-11-23T12:00:04Z": "23", "?after=1&level=info&limit=1": "3",
	} {
		var seqs string
		for _, l := range read[[]job.LogEntry](b.do("GET", path+query, "").want(200)) {
			seqs += string(rune('0' + l.Seq))
		}
		if seqs != want {
			t.Errorf("%s: lines %s, want %s", query, seqs, want)
		}
	}
	b.do("GET", base+"/executions/nightly%2F7/logs?follow=true", "").want(404)
}

// TestFollow checks that lines come as they are printed and the stream ends with the
// execution.
func TestFollow(t *testing.T) {
	b := newBench(t)
	b.cron("nightly", "")
	e := read[job.Execution](b.do("POST", base+"/jobs/nightly/run", "").want(201))
	b.settle(e.ID, "")
	b.log(e.ID, 1, "info one", "info two")
	server := httptest.NewServer(b.server)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	resp := follow(t, ctx, server.URL+base+"/executions/nightly%2Flast/logs?follow=true&tail=1")
	defer resp.Body.Close()
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Fatalf("answer %s, %v", resp.Status, resp.Header)
	}
	lines := bufio.NewScanner(resp.Body)
	next := func() int64 {
		t.Helper()
		if !lines.Scan() {
			t.Fatalf("the stream ended: %v", lines.Err())
		}
		var l job.LogEntry
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatalf("%s: %v", lines.Bytes(), err)
		}
		return l.Seq
	}
	if got := next(); got != 2 {
		t.Errorf("first line %d, want 2", got)
	}
	// The machine may be busy: of several lines the quickest tells how long one takes.
	const more = 5
	best := time.Hour
	for seq := int64(3); seq < 3+more; seq++ {
		began := time.Now()
		b.log(e.ID, int(seq), "info more")
		if got := next(); got != seq {
			t.Errorf("line %d, want %d", got, seq)
		}
		best = min(best, time.Since(began))
	}
	if best > 500*time.Millisecond {
		t.Errorf("a line came after %s at best", best)
	}
	b.log(e.ID, 3+more, "info last")
	b.do("POST", base+"/executions/nightly:1/cancel", "").want(200)
	b.finish(e.ID, job.EventCancel)
	if got := next(); got != 3+more {
		t.Errorf("line %d, want %d", got, 3+more)
	}
	if lines.Scan() {
		t.Errorf("a line after the end: %s", lines.Text())
	}
}

// TestFollowEndsWithDrain checks that a stream does not hold up a daemon that stops.
func TestFollowEndsWithDrain(t *testing.T) {
	b := newBench(t, func(_ *control.Options, o *Options) { o.MaxStreams = 1 })
	b.cron("nightly", "")
	e := read[job.Execution](b.do("POST", base+"/jobs/nightly/run", "").want(201))
	b.log(e.ID, 1, "info one")
	server := httptest.NewServer(b.server)
	defer server.Close()
	url := server.URL + base + "/executions/nightly:1/logs?follow=true"
	resp := follow(t, t.Context(), url)
	defer resp.Body.Close()
	reader := bufio.NewReader(resp.Body)
	if _, err := reader.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	second := follow(t, t.Context(), url)
	_ = second.Body.Close()
	if second.StatusCode != http.StatusTooManyRequests {
		t.Errorf("a stream too many: %s", second.Status)
	}
	b.draining.Store(true)
	if rest, err := reader.ReadString('\n'); rest != "" {
		t.Errorf("a line after the drain began: %q, %v", rest, err)
	}
}

func follow(t *testing.T, ctx context.Context, url string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// TestWhy checks the chain of an execution, of a job and of instants.
func TestWhy(t *testing.T) {
	b := newBench(t)
	b.cron("nightly", "")
	b.now = monday.Add(2*time.Hour + 30*time.Minute)
	b.plan() // 13:00 was missed and recorded, 14:00 is caught up
	runs := read[[]job.Execution](b.do("GET", base+"/jobs/nightly/executions?sort_order=asc", "").want(200))
	if len(runs) != 2 || runs[0].Status != job.Skipped || runs[1].Status != job.Pending {
		t.Fatalf("runs = %+v", runs)
	}
	b.settle(runs[1].ID, job.EventFail)
	tests := []struct{ path, subject, verdict string }{
		{"/executions/nightly%2F1/why", "nightly/1", "skipped: nobody could plan it in time, and the misfire policy did not pick it"},
		{"/executions/nightly%2F2/why", "nightly/2", "failed after 1 attempt: exit status 2: disk full"},
		{"/jobs/nightly/why", "nightly", "runs next at Mon 2026-11-23 15:00:00 +00:00"},
		{"/jobs/nightly/why?at=2026-11-23T13:00:00Z", "nightly/1", "nightly/1 skipped: nobody could plan it in time, and the misfire policy did not pick it"},
		{"/jobs/nightly/why?at=2026-11-23T14:00:00Z", "nightly/2", "nightly/2 failed after 1 attempt: exit status 2: disk full"},
		{"/jobs/nightly/why?at=2026-11-23T14:30:00Z", "nightly", "nothing was due: the schedule does not name this instant"},
		{"/jobs/nightly/why?at=2026-11-23T16:00:00Z", "nightly", "will be due in 1h30m"},
		{"/jobs/nightly/why?at=2026-11-23T12:00:00Z", "nightly", "nothing was due: the job's schedule was not in force"},
	}
	for _, tt := range tests {
		why := read[api.Why](b.do("GET", base+tt.path, "").want(200))
		if why.Subject != tt.subject || why.Verdict != tt.verdict || len(why.Steps) == 0 {
			t.Errorf("%s: %+v", tt.path, why)
		}
	}
}

// TestExecutionConditions drives the conditions of the list through the API.
func TestExecutionConditions(t *testing.T) {
	b := newBench(t)
	b.cron("nightly", "")
	b.cron("other", "")
	for i, event := range []job.Event{job.EventSucceed, job.EventFail} {
		e := read[job.Execution](b.do("POST", base+"/jobs/nightly/run", "").want(201))
		b.settle(e.ID, event)
		for seq := range int64(control.LogsInLists + 5) {
			line := job.LogEntry{ExecutionID: e.ID, Seq: seq + 1, Attempt: 1, Timestamp: b.now, Level: job.LogInfo, Stream: job.StreamStdout, Message: "line"}
			if err := b.store.AppendLogs(t.Context(), []job.LogEntry{line}); err != nil {
				t.Fatal(i, err)
			}
		}
	}
	b.do("POST", base+"/jobs/other/run", "").want(201)
	for query, want := range map[string]string{
		"worker=node-a,x":                           "nightly/2 nightly/1",
		"worker=node":                               "",
		"handler=noop&worker=node-a":                "nightly/2 nightly/1",
		"handler=http":                              "",
		"error_class=exit_status":                   "nightly/2",
		"min_duration_ms=1000&max_duration_ms=1000": "nightly/2 nightly/1",
		"min_duration_ms=1001":                      "",
		"max_duration_ms=999":                       "",
		"text=DISK":                                 "nightly/2",
		"text=OTHER":                                "other/1",
		"text=%25":                                  "",
		"status=failed&worker=node-a&text=full&handler=noop": "nightly/2",
	} {
		for _, path := range []string{"/executions", "/jobs/nightly/executions"} {
			var got []string
			for _, e := range read[[]job.Execution](b.do("GET", base+path+"?"+query, "").want(200)) {
				if e.Logs != nil {
					t.Errorf("%s: lines nobody asked for", query)
				}
				got = append(got, e.JobName+"/"+strconv.FormatInt(e.RunNumber, 10))
			}
			if path != "/executions" && want == "other/1" {
				want = ""
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s?%s lists %v, want %s", path, query, got, want)
			}
		}
	}
	with := read[[]job.Execution](b.do("GET", base+"/jobs/nightly/executions?include_logs=true", "").want(200))
	if len(with) != 2 || len(with[0].Logs) != control.LogsInLists || with[1].Logs[0].Seq != 6 {
		t.Errorf("with logs: %d executions, lines %+v", len(with), with[0].Logs)
	}
	for query, field := range map[string]string{
		"min_duration_ms=0": "min_duration_ms", "min_duration_ms=1s": "min_duration_ms", "max_duration_ms=-1": "max_duration_ms",
		"min_duration_ms=5&max_duration_ms=4": "min_duration_ms", "worker=": "worker", "error_class=,": "error_class", "text=": "text",
		"text=%00": "text", "include_logs=yes": "include_logs", "workers=a": "workers",
	} {
		if got := b.do("GET", base+"/executions?"+query, "").want(400); got.fields() != field {
			t.Errorf("%s: fields %q, want %q: %s", query, got.fields(), field, got.Body)
		}
	}
}
