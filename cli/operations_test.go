package cli

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

func node(name, state string) api.Worker {
	w := api.Worker{
		Node: name, State: state, Roles: []string{"api", "worker"}, Running: 2, Slots: 64, Commands: 8, Handlers: []string{"exec", "http"}, Version: "v0.4.0",
		StartedAt: now.Add(-time.Hour), HeartbeatAt: now.Add(-2 * time.Second), LeaseUntil: now.Add(28 * time.Second),
	}
	if state == api.WorkerDraining {
		w.Draining, w.DrainedAt, w.DrainedBy, w.DrainReason = true, new(now.Add(-time.Minute)), "ops", "kernel update"
	}
	return w
}

func TestWorkerList(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	front := node("front", api.WorkerActive)
	front.Roles, front.Running, front.Slots = []string{"api"}, 0, 0
	s.on("GET /workers", http.StatusOK, []api.Worker{front, node("node-a", api.WorkerDraining)})
	s.runIn(world{tty: true, env: map[string]string{"NO_COLOR": "1"}}, "worker", "list").check(t, exitOK, ""+
		"WORKER  STATE       ROLES       RUNNING  HEARTBEAT  STARTED  VERSION  REASON\n"+
		"front   ● active    api               -  2s ago     1h ago   v0.4.0   -\n"+
		"node-a  ‖ draining  api,worker     2/64  2s ago     1h ago   v0.4.0   kernel update\n")
	s.run("worker", "ls", "--state", "draining,lost").check(t, exitOK, ""+
		"WORKER  STATE     ROLES       RUNNING  HEARTBEAT             STARTED               VERSION  REASON\n"+
		"node-a  draining  api,worker     2/64  2026-11-22T17:29:58Z  2026-11-22T16:30:00Z  v0.4.0   kernel update\n")
	s.run("workers", "list", "-q").check(t, exitOK, "front\nnode-a\n")
	if r := s.run("worker", "list", "-o", "json"); !strings.Contains(r.out, `"drain_reason": "kernel update"`) || !strings.Contains(r.out, `"total": 2`) {
		t.Errorf("json: %s", r.out)
	}
	if r := s.run("worker", "list", "-o", "wide"); !strings.Contains(r.out, "COMMANDS  HANDLERS  DRAINED") {
		t.Errorf("wide: %s", r.out)
	}
	s.run("worker", "list", "--state", "stopped").check(t, exitOK, "-", "No workers found.")
	s.run("worker", "list", "--state", "up").check(t, exitUsage, "-", "use one of active, draining, lost, stopped")
}

func TestWorkerShow(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /workers/{id}", http.StatusOK, node("node-a", api.WorkerDraining))
	s.on("GET /workers/nope", http.StatusNotFound, refusal(job.NotFound, `worker "nope" not found`))
	s.run("worker", "show", "node-a").check(t, exitOK, ""+
		"node-a  draining\n"+
		"  version    v0.4.0\n"+
		"  roles      api,worker\n"+
		"  running    2/64, at most 8 commands at once\n"+
		"  handlers   exec http\n"+
		"  started    2026-11-22T16:30:00Z\n"+
		"  heartbeat  2026-11-22T17:29:58Z\n"+
		"  lease      2026-11-22T17:30:28Z\n"+
		"  drained    since 2026-11-22T17:29:00Z by ops: kernel update\n")
	s.run("worker", "show", "nope").check(t, exitNotFound, "-", `error: worker "nope" not found`)
}

func TestWorkerDrain(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /workers/node-a", http.StatusOK, node("node-a", api.WorkerActive))
	s.on("GET /workers/node-b", http.StatusOK, node("node-b", api.WorkerDraining))
	s.on("GET /workers/nope", http.StatusNotFound, refusal(job.NotFound, `worker "nope" not found`))
	s.on("POST /workers/{id}/drain", http.StatusOK, node("node-a", api.WorkerDraining))
	s.on("POST /workers/{id}/undrain", http.StatusOK, node("node-b", api.WorkerActive))
	s.run("worker", "drain", "node-a", "--reason", "kernel update").check(t, exitOK,
		"node-a draining: 2 running, no new work\n", `hint: follow with "schedctl worker list -w"`)
	if c := s.asked("POST")[0]; c.Body != `{"reason":"kernel update"}` || c.Path != prefix+"/workers/node-a/drain" {
		t.Errorf("asked %s %s", c.Path, c.Body)
	}
	s.run("worker", "drain", "node-b").check(t, exitOK, "node-a drains already: 2 running\n")
	s.run("worker", "undrain", "node-b", "nope", "node-a").check(t, exitNotFound, "node-b takes work again\nnode-b is not drained\n", `worker "nope" not found`)
	s.run("worker", "drain", "node-a", "-o", "name").check(t, exitOK, "node-a\n")
	if r := s.run("worker", "drain", "node-a", "node-b", "-o", "json"); !strings.Contains(r.out, `"items": [`) {
		t.Errorf("several in json: %s", r.out)
	}
	s.run("worker", "drain").check(t, exitUsage, "-", "missing argument WORKER")
	s.run("worker", "drain", "node-a", "--wait-timeout", "1m").check(t, exitUsage, "-", "--wait-timeout belongs to --wait")
}

func TestWorkerDrainWait(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	asked := 0
	s.handle("GET /workers/node-a", func(w http.ResponseWriter, _ *http.Request) {
		asked++
		one := node("node-a", api.WorkerDraining)
		switch {
		case asked == 1: // before it is drained
			one = node("node-a", api.WorkerActive)
		case asked == 2: // idle, but as of a heartbeat before
			one.Running, one.HeartbeatAt = 0, one.DrainedAt.Add(-time.Second)
		case asked > 3:
			one.Running = 0
		}
		reply(w, http.StatusOK, one)
	})
	s.on("POST /workers/{id}/drain", http.StatusOK, node("node-a", api.WorkerDraining))
	s.run("worker", "drain", "node-a", "--wait").check(t, exitOK, "node-a draining: 2 running, no new work\nnode-a idle\n")
	if asked != 4 {
		t.Errorf("asked %d times, want 4", asked)
	}
	busy := newStub(t)
	busy.on("GET /workers/{id}", http.StatusOK, node("node-a", api.WorkerDraining))
	busy.on("POST /workers/{id}/drain", http.StatusOK, node("node-a", api.WorkerDraining))
	busy.runIn(world{deadline: 2 * time.Second}, "worker", "drain", "node-a", "--wait").check(t, exitInterrupted, "")
}

func TestMaintenanceCommands(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	on := api.Maintenance{On: true, Since: new(now.Add(-time.Hour)), Until: new(now.Add(time.Hour)), By: "ops", Reason: "new disks"}
	state := api.Maintenance{}
	s.handle("GET /maintenance", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, state) })
	s.on("PUT /maintenance", http.StatusOK, on)
	s.on("DELETE /maintenance", http.StatusNoContent, nil)
	s.run("maintenance", "status").check(t, exitOK, "maintenance off\n")
	s.run("maintenance", "off").check(t, exitOK, "maintenance is off already\n")
	s.run("maintenance", "on", "--for", "1h30m", "--reason", "new disks").check(t, exitOK,
		"maintenance on until 2026-11-22T18:30:00Z: nothing is planned or started, what runs goes on\n")
	s.run("maintenance", "on", "--until", "tomorrow 06:00").check(t, exitOK, "")
	s.run("maintenance", "on", "-o", "name").check(t, exitOK, "on\n")
	var bodies []string
	for _, c := range s.asked("PUT") {
		bodies = append(bodies, c.Body)
	}
	if got, want := strings.Join(bodies, " "), `{"for":"1h30m0s","reason":"new disks"} {"until":"2026-11-23T06:00:00Z"} {}`; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
	state = on
	s.run("maintenance", "status").check(t, exitOK, "maintenance on since 2026-11-22T16:30:00Z until 2026-11-22T18:30:00Z, by ops: new disks\n")
	s.run("maintenance", "status", "-o", "name").check(t, exitOK, "on\n")
	s.run("maintenance", "off", "--reason", "done").check(t, exitOK, "maintenance off after 1h: each job's misfire policy decides over the due times that passed\n")
	deletes := s.asked("DELETE")
	if got := deletes[len(deletes)-1].Header.Get(api.HeaderReason); got != "done" {
		t.Errorf("reason %q", got)
	}
	for _, bad := range [][]string{{"--for", "1h", "--until", "18:00"}, {"--for", "1"}, {"--for", "0s"}, {"--for", "-1h"}, {"--until", "whenever"}, {"now"}} {
		s.run(append([]string{"maintenance", "on"}, bad...)...).check(t, exitUsage, "-", "error: ")
	}
}

func TestQueueStatus(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	q := api.Queue{
		Driver: "redis 7.0.15", Messages: &api.QueueMessages{
			Waiting: 8, Pending: 3, OldestMS: new(int64(1200)), Warnings: []string{"maxmemory-policy is allkeys-lru"},
			Streams: []api.QueueStream{{
				Stream: "stream:scheduler:job.dispatch", Group: "scheduler-workers", Length: 8, Pending: 3, Lag: 5, OldestMS: new(int64(1200)), Consumers: []string{"node-a", "node-b"},
			}},
		}, Ready: 12, OldestMS: new(int64(2000)),
		Delayed: 2, NextAt: new(now.Add(58 * time.Second)), Running: 4, Dead: 1,
		Holds: []api.Hold{{Kind: api.HoldDispatch, Platform: "web", Since: now.Add(-time.Minute), Until: new(now.Add(time.Hour)), By: "ops", Reason: "relay down"}},
	}
	s.handle("GET /queue", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, q) })
	s.run("queue", "status").check(t, exitOK, ""+
		"STREAM                         GROUP              LENGTH  PENDING  LAG  OLDEST  CONSUMERS\n"+
		"stream:scheduler:job.dispatch  scheduler-workers       8        3    5    1.2s  node-a node-b\n"+
		"\n"+
		"EXECUTIONS  COUNT  OLDEST  DETAIL\n"+
		"ready          12    2.0s  waits for a worker\n"+
		"delayed         2       -  the first 2026-11-22T17:30:58Z\n"+
		"running         4       -  -\n"+
		"dead            1       -  nothing will run it again; schedctl dlq list\n"+
		"\n"+
		"dispatch paused on platform web since 2026-11-22T17:29:00Z until 2026-11-22T18:30:00Z, by ops: relay down\n",
		"warning: redis 7.0.15: maxmemory-policy is allkeys-lru")
	q.Messages, q.Problem = nil, "the queue does not answer; workers poll the store"
	if r := s.run("queue", "status"); !strings.Contains(r.out, "redis 7.0.15: the queue does not answer; workers poll the store\n\nEXECUTIONS") {
		t.Errorf("without the queue: %s", r.out)
	}
	if r := s.run("queue", "status", "-o", "yaml"); !strings.Contains(r.out, "messages: null") || !strings.Contains(r.out, "ready: 12") {
		t.Errorf("yaml: %s", r.out)
	}
}

func TestQueuePeek(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /queue/messages", http.StatusOK, []api.QueueMessage{
		{ExecutionID: id(1), Run: "nightly/3", Status: job.Pending, HandlerName: "exec", Priority: job.PriorityHigh, ReadyAt: now},
		{ExecutionID: id(2), HandlerName: "http", ReadyAt: now},
	})
	s.run("queue", "peek", "-n", "5").check(t, exitOK, ""+
		"RUN                                   STATUS   PRIORITY  PLATFORM  HANDLER  READY\n"+
		"nightly/3                             pending  high      -         exec     2026-11-22T17:30:00Z\n"+
		"01a2044e-c1c0-7d11-9c40-000000000002  gone     -         -         http     2026-11-22T17:30:00Z\n")
	if got := s.asked("GET")[0].Query; got != "limit=5" {
		t.Errorf("asked %s", got)
	}
	s.run("queue", "peek", "-q").check(t, exitOK, "nightly/3\n01a2044e-c1c0-7d11-9c40-000000000002\n")
	s.run("queue", "peek", "-n", "0").check(t, exitUsage, "-", "--limit must be 1 to 100")
	none := newStub(t)
	none.on("GET /queue/messages", http.StatusOK, []api.QueueMessage{})
	none.run("queue", "peek").check(t, exitOK, "-", "Nothing is announced.")
}

func TestQueuePause(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	hold := api.Hold{Kind: api.HoldDispatch, Since: now}
	var holds []api.Hold
	s.handle("GET /queue", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, api.Queue{Holds: holds}) })
	s.handle("POST /queue/pause", func(w http.ResponseWriter, r *http.Request) {
		one := hold
		one.Platform = r.FormValue("platform_id")
		holds = append(holds, one)
		reply(w, http.StatusOK, one)
	})
	s.handle("POST /queue/resume", func(w http.ResponseWriter, _ *http.Request) {
		if len(holds) > 0 {
			holds = holds[1:]
		}
		reply(w, http.StatusNoContent, nil)
	})
	s.run("queue", "resume").check(t, exitOK, "dispatch is not paused on all platforms\n")
	s.run("queue", "pause", "--reason", "relay down").check(t, exitOK, "dispatch paused on all platforms; what runs goes on\n")
	s.run("queue", "pause", "-p", "web", "-o", "name").check(t, exitOK, "web\n")
	s.run("queue", "resume").check(t, exitOK, "dispatch resumed on all platforms\n", "dispatch paused on platform web since")
	s.run("queue", "resume", "--platform", "web").check(t, exitOK, "dispatch resumed on platform web\n")
	if got := s.asked("POST /queue/pause")[0].Body; got != `{"reason":"relay down"}` {
		t.Errorf("asked %s", got)
	}
	s.run("queue", "pause", "web").check(t, exitUsage, "-", `unexpected argument "web"`)
}

func deadRun(n byte, reason string) job.Execution {
	e := failedRun()
	e.RunNumber, e.ID, e.Dead, e.DeadReason = int64(n), id(n), true, reason
	return e
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	again := deadRun(187, "")
	again.Dead, again.Status, again.Trigger, again.TriggeredBy = false, job.Pending, job.TriggerRetry, ""
	s.on("GET /dead-letter", http.StatusOK, []job.Execution{deadRun(184, "retries_exhausted"), deadRun(9, "handler_missing")})
	s.on("GET /dead-letter/{id}", http.StatusOK, deadRun(184, "retries_exhausted"))
	s.on("POST /dead-letter/{id}/retry", http.StatusCreated, again)
	s.on("DELETE /dead-letter/{id}", http.StatusNoContent, nil)
	s.on("GET /executions/{id}", http.StatusOK, failedRun())
	r := s.run("dlq", "list", "--job", "nightly-backup", "--reason", "poison,permanent", "--older-than", "2d")
	for _, line := range []string{"EXECUTION           REASON             ATTEMPTS  DEAD SINCE", "nightly-backup/184  retries exhausted", "nightly-backup/9    handler missing"} {
		if !strings.Contains(r.out, line) {
			t.Errorf("list: %s\nlacks: %s", r.out, line)
		}
	}
	if got, want := s.asked("GET /dead-letter")[0].Query, "dead_before=2026-11-20T17%3A30%3A00Z&job=nightly-backup&limit=100&reason=poison%2Cpermanent&total=true"; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
	s.run("dlq", "ls", "-q").check(t, exitOK, "nightly-backup/184\nnightly-backup/9\n")
	if r := s.run("dead-letters", "show", "nightly-backup/184"); r.code != exitOK || !strings.HasPrefix(r.out, "nightly-backup/184  failed  id ") {
		t.Errorf("show: %+v", r)
	}

	s.run("dlq", "retry", "nightly-backup/184").check(t, exitOK, "nightly-backup/184 -> nightly-backup/187 queued (retry)\n")
	s.run("dlq", "retry", "--all", "--dry-run").check(t, exitOK, "would retry 2 dead letters: nightly-backup/184 nightly-backup/9\n")
	s.run("dlq", "retry", "--all", "--dry-run", "-q").check(t, exitOK, "nightly-backup/184\nnightly-backup/9\n")
	s.run("dlq", "retry", "--all").check(t, exitUsage, "-", "refusing without confirmation", "add --yes")
	s.runIn(world{tty: true, inTTY: true, in: "n\n"}, "dlq", "retry", "--all").check(t, exitUsage, "-", "This retries 2 dead letters.", "not confirmed")
	if n := len(s.asked("POST")); n != 1 {
		t.Fatalf("%d retries before anybody agreed, want 1", n)
	}
	s.run("dlq", "retry", "--job", "nightly-backup", "--with-payload", `{"a":1}`, "--yes").check(t, exitOK,
		"nightly-backup/184 -> nightly-backup/187 queued (retry)\nnightly-backup/9 -> nightly-backup/187 queued (retry)\n")
	posts := s.asked("POST")
	if last := posts[len(posts)-1]; last.Body != `{"payload":{"a":1}}` || last.Path != prefix+"/dead-letter/"+id(9).String()+"/retry" || last.Header.Get(api.HeaderIdempotencyKey) == "" {
		t.Errorf("asked %s %s", last.Path, last.Body)
	}
	if r := s.run("dlq", "retry", "--all", "-y", "-o", "json"); !strings.Contains(r.out, `"total": 2`) {
		t.Errorf("json: %s", r.out)
	}

	s.run("dlq", "drop", "nightly-backup/184").check(t, exitUsage, "-", "refusing without confirmation")
	if n := len(s.asked("DELETE")); n != 0 {
		t.Fatalf("%d drops before anybody agreed", n)
	}
	s.run("dlq", "drop", "nightly-backup/last", "--yes").check(t, exitOK, "nightly-backup/184 dropped\n")
	s.run("dlq", "drop", "--older-than", "30d", "--dry-run").check(t, exitOK, "would drop 2 dead letters: nightly-backup/184 nightly-backup/9\n")
	s.runIn(world{inTTY: true, tty: true, in: "y\n"}, "dlq", "drop", "--all").check(t, exitOK, "nightly-backup/184 dropped\nnightly-backup/9 dropped\n", "nothing will remind of them")
	if r := s.run("dlq", "drop", "nightly-backup/184", "-y", "-o", "json"); !strings.Contains(r.out, `"job_name": "nightly-backup"`) || strings.Contains(r.out, `"items"`) {
		t.Errorf("json: %s", r.out)
	}
	for _, verb := range []string{"retry", "drop"} {
		s.run("dlq", verb).check(t, exitUsage, "-", "missing argument EXECUTION")
		s.run("dlq", verb, "a/1", "--all").check(t, exitUsage, "-", "not both")
		s.run("dlq", verb, "--all", "--job", "x").check(t, exitUsage, "-", "--all goes with no other choice")
		s.run("dlq", verb, "--reason", "died").check(t, exitUsage, "-", "use one of retries_exhausted")
		s.run("dlq", verb, "--older-than", "5").check(t, exitUsage, "-", "no unit")
	}
	none := newStub(t)
	none.on("GET /dead-letter", http.StatusOK, []job.Execution{})
	none.run("dlq", "retry", "--all").check(t, exitOK, "-", "No dead letters found.")
	none.run("dlq", "list").check(t, exitOK, "-", "No dead letters found.")
}
