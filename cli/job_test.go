package cli

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// jobsPage answers GET /jobs with these jobs.
func (s *stub) jobsPage(total string, jobs ...job.Job) {
	s.handle("GET /jobs", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(api.HeaderTotalCount, total)
		reply(w, http.StatusOK, jobs)
	})
}

func pausedSync() job.Job {
	j := backup()
	j.ID, j.Name, j.Status, j.Schedule, j.HandlerName = id(2), "price-sync", job.JobPaused, "*/5 * * * *", "http"
	j.NextRun, j.LastRun = nil, new(now.Add(-52*time.Hour))
	j.ExecutionsCount, j.SuccessCount, j.FailureCount = 9120, 5581, 3539
	return j
}

func TestJobList(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.jobsPage("2", backup(), pausedSync())
	tests := []struct {
		name string
		w    world
		args []string
		out  string
		err  string
	}{
		{"terminal", world{tty: true, env: map[string]string{"NO_COLOR": "1"}}, nil, "" +
			"NAME            TYPE  STATUS    SCHEDULE     NEXT RUN   LAST RUN    RUNS   OK%  HANDLER\n" +
			"nightly-backup  cron  ● active  0 2 * * *    in 13h30m  10h29m ago   184  97.8  exec\n" +
			"price-sync      cron  ‖ paused  */5 * * * *  -          2d4h ago    9120  61.2  http\n",
			"2 jobs (1 active, 1 paused)\n"},
		{"ASCII terminal", world{tty: true, env: map[string]string{"NO_COLOR": "1", "LC_ALL": "C"}}, []string{"--no-headers"}, "" +
			"nightly-backup  cron  * active  0 2 * * *    in 13h30m  10h29m ago   184  97.8  exec\n" +
			"price-sync      cron  = paused  */5 * * * *  -          2d4h ago    9120  61.2  http\n",
			"2 jobs (1 active, 1 paused)\n"},
		{"narrow terminal", world{tty: true, width: 80, env: map[string]string{"TERM": "dumb"}}, []string{"--no-headers"}, "" +
			"nightly-backup  cron  ● active  0 2 * * *    in 13h30m  10h29m ago   184  97.8\n" +
			"price-sync      cron  ‖ paused  */5 * * * *  -          2d4h ago    9120  61.2\n",
			"hint: the terminal has no room for HANDLER; -o wide shows all\n"},
		{"pipe", world{}, nil, "" +
			"NAME            TYPE  STATUS  SCHEDULE     NEXT RUN              LAST RUN              RUNS   OK%  HANDLER\n" +
			"nightly-backup  cron  active  0 2 * * *    2026-11-23T07:00:00Z  2026-11-22T07:01:00Z   184  97.8  exec\n" +
			"price-sync      cron  paused  */5 * * * *  -                     2026-11-20T13:30:00Z  9120  61.2  http\n", ""},
		{"names", world{tty: true}, []string{"-o", "name"}, "nightly-backup\nprice-sync\n", ""},
		{"quiet", world{}, []string{"-q"}, "nightly-backup\nprice-sync\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := s.runIn(tt.w, append([]string{"ls"}, tt.args...)...)
			r.check(t, exitOK, tt.out, tt.err)
		})
	}
}

func TestJobListStructured(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.jobsPage("8", backup())
	var list struct {
		Items []job.Job
		Total *int
		Next  *string `json:"next_cursor"`
	}
	r := s.run("job", "list", "-o", "json")
	if err := json.Unmarshal([]byte(r.out), &list); err != nil {
		t.Fatalf("%v in %s", err, r.out)
	}
	if len(list.Items) != 1 || list.Items[0].Name != "nightly-backup" || *list.Total != 8 || list.Next != nil {
		t.Errorf("got %s", r.out)
	}
	if r := s.run("job", "list", "-o", "yaml"); !strings.HasPrefix(r.out, "items:\n  - id: 01a2044e-") || !strings.Contains(r.out, "next_cursor: null\n") {
		t.Errorf("got %s", r.out)
	}
	empty := newStub(t)
	empty.jobsPage("0")
	empty.run("ls", "-o", "json").check(t, exitOK, "{\n  \"items\": [],\n  \"total\": 0,\n  \"next_cursor\": null\n}\n")
	empty.run("ls").check(t, exitOK, "-", "No jobs found.\n")
}

func TestJobListFilters(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.jobsPage("0")
	s.run("ls", "drip-*", "x", "--type", "cron,once", "--status", "active", "--status", "paused", "--tag", "a", "--tag", "b",
		"--tag-all", "c", "--name-contains", "N", "--handler", "http", "--created-by", "ops", "--created-after", "3d",
		"--next-before", "tomorrow 00:00", "--failing", "--sort-by", "-priority", "-n", "7", "-p", "web").check(t, exitOK, "")
	want := "created_after=2026-11-19T17%3A30%3A00Z&created_by=ops&failing=true&handler=http&limit=7&name=drip-%2A%2Cx&" +
		"name_contains=N&next_run_before=2026-11-23T00%3A00%3A00Z&platform_id=web&sort_by=priority&sort_order=desc&status=active%2Cpaused&" +
		"tags=a%2Cb&tags_all=c&type=cron%2Cone_time"
	if got := s.asked("GET /jobs")[0].Query; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestJobListPages(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.handle("GET /jobs", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(api.HeaderTotalCount, "3")
		j := backup()
		switch r.FormValue("cursor") {
		case "":
			w.Header().Set(api.HeaderNextCursor, "two")
			reply(w, http.StatusOK, []job.Job{j, j})
		case "two":
			reply(w, http.StatusOK, []job.Job{j})
		}
	})
	s.run("ls", "--all", "-q").check(t, exitOK, strings.Repeat("nightly-backup\n", 3))
	s.runIn(world{tty: true}, "ls", "-n", "2").check(t, exitOK, "", "2 of 3 jobs; --all lists the rest")
	if r := s.run("ls", "-n", "2", "-o", "json"); !strings.Contains(r.out, `"next_cursor": "two"`) {
		t.Errorf("got %s", r.out)
	}
}

func TestJobShow(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /jobs/{id}", http.StatusOK, backup())
	s.on("GET /jobs/{id}/next", http.StatusOK, api.Explained{
		Words: "At 02:00, every day (America/New_York)", Items: []api.Slot{
			{At: now.Add(13*time.Hour + 30*time.Minute)}, {At: now.Add(37*time.Hour + 30*time.Minute)}, {At: now.Add(61*time.Hour + 30*time.Minute)},
		},
	})
	second := failedRun()
	second.RunNumber, second.ID = 182, id(182)
	s.on("GET /jobs/{id}/executions", http.StatusOK, []job.Execution{failedRun(), succeededRun(), second})
	s.runIn(world{tty: true, env: map[string]string{"NO_COLOR": "1"}}, "job", "show", "nightly-backup").check(t, exitOK, ""+
		"nightly-backup  ● active  cron  id 01a2044e-c1c0-7d11-9c40-000000000001\n"+
		"  schedule     0 2 * * *  At 02:00, every day (America/New_York)\n"+
		"  next runs    Mon 07:00 UTC (in 13h30m), Tue 07:00 UTC, Wed 07:00 UTC\n"+
		"  handler      exec  /usr/local/bin/backup --full\n"+
		"  limits       timeout 30m, 2 retries after 1m (exponential), concurrency 1, overlap skip, priority high\n"+
		"  late         misfire fire_once, lost retry, dst once\n"+
		"  platform     -  tags backup  created by ops 2026-05-22, revision 6\n"+
		"  so far       97.8 % of 184 runs succeeded, 4 failed, 0 skipped, average 12m04s\n"+
		"\n"+
		"RUN                 STATUS     TRIGGER   SCHEDULED   STARTED     DURATION  ATTEMPT  WORKER  ERROR\n"+
		"nightly-backup/184  ✗ failed   schedule  10h30m ago  10h29m ago      0.8s      3/3  node-a  exit status 2: disk full\n"+
		"nightly-backup/183  ✓ success  schedule  10h30m ago  10h29m ago    11m58s      1/3  node-a\n"+
		"nightly-backup/182  ✗ failed   schedule  10h30m ago  10h29m ago      0.8s      3/3  node-a  exit status 2: disk full\n",
		`hint: 2 of the last 3 runs failed with the same error; see "schedctl logs nightly-backup/184"`)

	var one job.Job
	if err := json.Unmarshal([]byte(s.run("status", "nightly-backup", "-o", "json").out), &one); err != nil || one.Name != "nightly-backup" {
		t.Errorf("JSON of one job: %v, %+v", err, one)
	}
	if r := s.run("job", "show", "a", "b", "-o", "json"); !strings.Contains(r.out, `"total": 2`) {
		t.Errorf("JSON of two jobs: %s", r.out)
	}
}

func TestJobCreate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		args  []string
		route string
		body  string // JSON
		err   string
	}{
		{"cron with a command", []string{"cron", "log-archive", "-s", "0 2 * * *", "--timezone", "America/New_York", "--timeout", "30m",
			"--max-retries", "2", "--tag", "backup", "--", "/usr/local/bin/archive", "--days", "7"}, "/jobs/cron",
			`{"name":"log-archive","schedule":"0 2 * * *","timezone":"America/New_York","timeout_ms":1800000,"max_retries":2,
			  "tags":["backup"],"handler_name":"exec","payload":{"command":["/usr/local/bin/archive","--days","7"]}}`, ""},
		{"cron with a script", []string{"cron", "x", "-s", "@daily", "--shell", "a | b && c", "--disabled", "--timeout", "0"}, "/jobs/cron",
			`{"name":"x","schedule":"@daily","handler_name":"exec","payload":{"shell":"a | b && c"},"enabled":false,"timeout_ms":0}`, ""},
		{"cron with a URL", []string{"cron", "x", "-s", "@daily", "--url", "http://h/?a=1&b=<2>", "--set", "method=POST"}, "/jobs/cron",
			`{"name":"x","schedule":"@daily","handler_name":"http","payload":{"url":"http://h/?a=1&b=<2>","method":"POST"}}`, ""},
		{"every flag", []string{"cron", "x", "-s", "@daily", "--handler", "h", "--handler-type", "agent", "--payload", `{"a":{"b":1}}`,
			"--set", "a.c=[1,2]", "--set", "t=T-1", "--set-string", "n=5", "--retry-delay", "90s", "--retry-max-delay", "2h",
			"--retry-backoff", "linear", "--priority", "low", "--concurrency", "3", "--allow-overlap", "--on-lost", "fail",
			"--misfire", "all", "--misfire-grace", "1h", "--jitter", "1m30s", "--dst", "wall", "--metadata", "k=v", "--description", "d"},
			"/jobs/cron",
			`{"name":"x","schedule":"@daily","handler_name":"h","handler_type":"agent","payload":{"a":{"b":1,"c":[1,2]},"t":"T-1","n":"5"},
			  "retry_delay_ms":90000,"retry_max_delay_ms":7200000,"retry_backoff":"linear","priority":"low","concurrency":3,
			  "allow_overlap":true,"on_lost":"fail","misfire":"fire_all","misfire_grace_ms":3600000,"jitter_ms":90000,"dst_policy":"wall",
			  "metadata":{"k":"v"},"description":"d"}`, ""},
		{"once at", []string{"once", "x", "--at", "tomorrow 09:00", "--timezone", "Europe/Berlin", "--handler", "h"}, "/jobs/once",
			`{"name":"x","execute_at":"2026-11-23T08:00:00Z","timezone":"Europe/Berlin","handler_name":"h"}`,
			`at: "tomorrow 09:00" = Mon 2026-11-23 09:00 +01:00 (08:00 UTC)`},
		{"once in", []string{"once", "x", "--in", "2d", "--handler", "h"}, "/jobs/once",
			`{"name":"x","in":"48h0m0s","handler_name":"h"}`, ""},
		{"recurring", []string{"recurring", "drip", "-s", "0 10 * * *", "--timezone", "America/New_York", "--start", "tomorrow 10:00",
			"--end", "2026-12-24 00:00", "--max-executions", "7", "--skip-if-overdue", "--handler", "h"}, "/jobs/recurring",
			`{"name":"drip","schedule":"0 10 * * *","timezone":"America/New_York","start_date":"2026-11-23T15:00:00Z",
			  "end_date":"2026-12-24T05:00:00Z","max_executions":7,"skip_if_overdue":true,"handler_name":"h"}`,
			`start: "tomorrow 10:00" = Mon 2026-11-23 10:00 -05:00 (15:00 UTC)`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t)
			s.on("POST "+tt.route, http.StatusCreated, backup())
			s.on("GET /jobs/{id}/next", http.StatusOK, api.Explained{Words: "Words"})
			s.run(append([]string{"job", "create"}, tt.args...)...).check(t, exitOK, "", tt.err)
			posted := s.asked("POST")[0]
			var got, want any
			if err := json.Unmarshal([]byte(posted.Body), &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(tt.body), &want); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %s\nwant %s", posted.Body, tt.body)
			}
			if posted.Header.Get(api.HeaderIdempotencyKey) == "" {
				t.Error("no idempotency key")
			}
		})
	}
}

func TestJobCreateSays(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	j := backup()
	j.Name = "log-archive"
	s.on("POST /jobs/cron", http.StatusCreated, j)
	s.on("GET /jobs/{id}/next", http.StatusOK, api.Explained{
		Words: "At 02:00, every day (America/New_York)", Items: []api.Slot{{At: *j.NextRun}}, Warnings: []string{"odd"},
	})
	args := []string{"job", "create", "cron", "log-archive", "-s", "0 2 * * *", "--", "true"}
	s.runIn(world{tty: true, env: map[string]string{"NO_COLOR": "1"}}, args...).check(t, exitOK, ""+
		"job log-archive created (01a2044e-c1c0-7d11-9c40-000000000001)\n"+
		"At 02:00, every day (America/New_York); next run Mon 07:00 UTC (in 13h30m)\n", "warning: odd")
	s.run(append([]string{"-q"}, args...)...).check(t, exitOK, "log-archive\n")

	once := j
	once.Type, once.Name, once.ExecuteAt = job.TypeOneTime, "escalate", new(now.Add(48*time.Hour))
	s.on("POST /jobs/once", http.StatusCreated, once)
	s.runIn(world{tty: true}, "job", "create", "once", "escalate", "--in", "48h", "--handler", "h").
		check(t, exitOK, "job escalate created; runs once Tue 17:30 UTC (in 2d)\n")
}

func TestJobCreateIfNotExists(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("POST /jobs/cron", http.StatusConflict, refusal(job.Conflict, "name taken"))
	s.on("GET /jobs/{id}", http.StatusOK, backup())
	args := []string{"job", "create", "cron", "nightly-backup", "-s", "0 2 * * *", "--", "true"}
	s.run(args...).check(t, exitConflict, "-", "error: name taken")
	s.run(append([]string{"--if-not-exists"}, args...)...).check(t, exitUsage, "-") // a flag of the verb, not of schedctl
	s.run("job", "create", "cron", "nightly-backup", "--if-not-exists", "-s", "0 2 * * *", "--", "true").
		check(t, exitOK, "job nightly-backup exists already\n")
}

func TestJobSet(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /jobs/{id}", http.StatusOK, backup())
	s.on("PATCH /jobs/{id}", http.StatusOK, backup())
	s.run("job", "set", "nightly-backup", "--timeout", "45m", "--unset", "end_date", "--unset", "metadata", "--set", "command=[\"x\"]",
		"--if-version", "6", "--reason", "slow disk", "--name", "other").
		check(t, exitOK, "job nightly-backup changed, revision 6\nnext run 2026-11-23T07:00:00Z\n")
	got := s.asked("PATCH")[0]
	if want := `{"end_date":null,"metadata":null,"name":"other","payload":{"command":["x"]},"timeout_ms":2700000}`; got.Body != want {
		t.Errorf("got %s, want %s", got.Body, want)
	}
	if got.Header.Get("If-Match") != `"6"` || got.Header.Get(api.HeaderReason) != "slow disk" {
		t.Errorf("headers %v", got.Header)
	}
}

func TestJobReschedule(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	after := backup()
	after.Schedule, after.NextRun = "30 3 * * *", new(now.Add(10*time.Hour))
	s.on("GET /jobs/{id}", http.StatusOK, backup())
	s.on("PUT /jobs/{id}/reschedule", http.StatusOK, after)
	s.on("GET /jobs/{id}/next", http.StatusOK, api.Explained{Words: "At 03:30, every day", Items: []api.Slot{{At: *after.NextRun}}})
	s.runIn(world{tty: true, env: map[string]string{"NO_COLOR": "1"}}, "job", "reschedule", "nightly-backup", "30 3 * * *", "--timezone", "Europe/Berlin").
		check(t, exitOK, ""+
			"job nightly-backup rescheduled: 0 2 * * * → 30 3 * * *\n"+
			"next run Mon 07:00 UTC (in 13h30m) → Mon 03:30 UTC (in 10h)\n"+
			"At 03:30, every day; next run Mon 03:30 UTC (in 10h)\n")
	if got, want := s.asked("PUT")[0].Body, `{"schedule":"30 3 * * *","timezone":"Europe/Berlin"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s.run("job", "reschedule", "x").check(t, exitUsage, "-", "either a schedule, or --at or --in")
	s.run("job", "reschedule", "x", "--in", "12h").check(t, exitOK, "")
	if got, want := s.asked("PUT")[1].Body, `{"execute_at":"2026-11-23T05:30:00Z"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestJobPauseAndResume(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /jobs/{id}", http.StatusOK, backup())
	s.bulk(backup(), pausedSync())
	s.jobsPage("2", backup(), pausedSync())

	s.run("job", "pause", "nightly-backup", "price-sync", "--reason", "outage", "--cancel-running").
		check(t, exitOK, "job nightly-backup paused\njob price-sync already paused\n")
	if got, want := s.asked("POST")[0].Body, `{"action":"pause","ids":["nightly-backup","price-sync"],"reason":"outage","cancel_running":true}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s.run("job", "pause", "missing", "nightly-backup").check(t, exitNotFound, "job nightly-backup paused\n", "error: missing: no such job")
	s.run("job", "pause", "missing").check(t, exitNotFound, "-", "error: no such job")
	s.run("job", "resume", "price-sync", "--catch-up", "once").check(t, exitOK, "job price-sync resumed\n")
	s.run("job", "resume", "nightly-backup").check(t, exitOK, "job nightly-backup already active\n")
	s.run("job", "pause", "drip-*", "--yes").check(t, exitOK, "job nightly-backup paused\njob price-sync already paused\n")
	s.run("job", "pause", "drip-*", "--yes", "--strict").check(t, exitConflict, "job nightly-backup paused\n", "job price-sync is already paused")
	s.run("job", "resume", "drip-*", "--yes", "--strict").check(t, exitConflict, "job price-sync resumed\n", "job nightly-backup is already active")
	s.run("job", "pause", "--tag", "drip", "-o", "name", "--yes").check(t, exitOK, "nightly-backup\nprice-sync\n")
	if r := s.run("job", "pause", "nightly-backup", "-o", "json"); !strings.HasPrefix(r.out, "{\n  \"id\"") {
		t.Errorf("JSON of one: %s", r.out)
	}
	if r := s.run("job", "pause", "--all", "--yes", "-o", "json"); !strings.Contains(r.out, `"total": 2`) || !strings.Contains(r.out, `"result": "unchanged"`) {
		t.Errorf("JSON of all: %s", r.out)
	}
	s.run("job", "pause", "nightly-backup", "--for", "2h").check(t, exitOK, "job nightly-backup paused for 2h, then resumed by itself\n")
}

// TestBulkIsOneRequest holds that the number of jobs does not make requests.
func TestBulkIsOneRequest(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.bulk(backup(), pausedSync())
	s.jobsPage("2", backup(), pausedSync())
	for _, verb := range []string{"pause", "resume", "cancel", "delete"} {
		before := len(s.asked(""))
		s.run("job", verb, "--all", "--yes").check(t, exitOK, "")
		if n := len(s.asked("")) - before; n != 2 {
			t.Errorf("%s: %d requests, want one that looks and one that changes", verb, n)
		}
	}
}

func TestJobDeleteAsks(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /jobs/{id}", http.StatusOK, pausedSync())
	s.bulk(pausedSync())
	tests := []struct {
		name string
		w    world
		args []string
		code int
		says string
	}{
		{"no terminal", world{in: "\n"}, nil, exitUsage, "refusing without confirmation"},
		{"yes", world{}, []string{"--yes"}, exitOK, ""},
		{"name typed", world{inTTY: true, in: "price-sync\n"}, nil, exitOK, "This deletes job price-sync, 9120 executions"},
		{"something else typed", world{inTTY: true, in: "y\n"}, nil, exitUsage, "not confirmed"},
		{"end of input", world{inTTY: true}, nil, exitUsage, "not confirmed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := len(s.asked("POST"))
			r := s.runIn(tt.w, append([]string{"job", "delete", "price-sync"}, tt.args...)...)
			r.check(t, tt.code, "", tt.says)
			deleted := s.asked("POST")[before:]
			if (tt.code == exitOK) != (len(deleted) == 1) {
				t.Errorf("%d jobs deleted", len(deleted))
			}
			if tt.code == exitOK && (r.out != "job price-sync deleted\n" || !strings.Contains(deleted[0].Body, `"action":"delete"`)) {
				t.Errorf("stdout %q, body %q", r.out, deleted[0].Body)
			}
		})
	}
}

func TestJobCancelAsks(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.bulk(backup())
	s.run("job", "cancel", "nightly-backup").check(t, exitUsage, "-", "refusing without confirmation", "hint: add --yes")
	s.runIn(world{inTTY: true, in: "n\n"}, "job", "cancel", "nightly-backup").check(t, exitUsage, "-", "This ends job nightly-backup for good", "not confirmed")
	s.runIn(world{inTTY: true, in: "y\n"}, "job", "cancel", "nightly-backup").check(t, exitOK, "job nightly-backup cancelled\n")
	s.run("job", "cancel", "nightly-backup", "-y", "--reason", "done", "--cancel-running").check(t, exitOK, "")
	calls := s.asked("POST")
	if got, want := calls[len(calls)-1].Body, `{"action":"cancel","ids":["nightly-backup"],"reason":"done","cancel_running":true}`; got != want || len(calls) != 2 {
		t.Errorf("%d calls, got %s, want %s", len(calls), got, want)
	}
}

func TestJobHistory(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.handle("GET /jobs/{id}/executions", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(api.HeaderTotalCount, "120")
		reply(w, http.StatusOK, []job.Execution{failedRun()})
	})
	s.runIn(world{tty: true, env: map[string]string{"NO_COLOR": "1"}}, "job", "history", "nightly-backup", "--status", "failed,timeout", "--since", "30d").
		check(t, exitOK, "", "1 of 120 executions; --all lists the rest")
	if got, want := s.asked("GET")[0].Query, "limit=100&since=2026-10-23T17%3A30%3A00Z&status=failed%2Ctimeout&total=true"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestHandlerWord(t *testing.T) {
	t.Parallel()
	tests := []struct {
		handler, payload, want string
	}{
		{"exec", `{"command":["sh","-c","echo 'hi' > x",""]}`, `exec  sh -c 'echo '\''hi'\'' > x' ''`},
		{"exec", `{"shell":"a | b"}`, "exec  a | b"},
		{"exec", `{"shell":"a","dir":"/srv"}`, `exec  a  {"dir":"/srv"}`},
		{"http", `{"url":"http://x/?a&b"}`, "http  http://x/?a&b"},
		{"report", `{"command":["x"]}`, `report  {"command":["x"]}`},
		{"noop", `{}`, "noop"},
	}
	for _, tt := range tests {
		j := job.Job{Spec: job.Spec{HandlerName: tt.handler, Payload: json.RawMessage(tt.payload)}}
		if got := handlerWord(&j); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}
