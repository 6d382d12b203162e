package main

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
)

// act asks for a change of a job or an execution.
func act(path string, status int, says string) try {
	return call(status, "", says, "POST", path, "")
}

// badStates are rows B55 to B67: what is not there, what its state forbids, and who calls.
func badStates() []badRow {
	unknown := "01a2044e-c1c0-7d11-9c40-5be0f3a2c7b1"
	token := func(name string, status int, says string, headers ...string) try {
		t := call(status, "", says, "GET", "/jobs", "", headers...)
		t.input = name
		t.send = func(s *badSite) reply {
			lines := make([]string, len(headers))
			for i, line := range headers {
				lines[i] = strings.ReplaceAll(line, "$TOKEN", s.token)
			}
			return s.exchange(http.DefaultClient, "http://"+s.address, "GET", "/jobs", "", lines)
		}
		return t
	}
	return []badRow{
		{55, "odd ids", "an id of 10 KiB does not fit into a line of 8 KiB: 414", []try{
			call(404, "", "not found", "GET", "/jobs/x", ""),
			call(404, "", "not found", "GET", "/jobs/00000000-0000-0000-0000-000000000000", ""),
			call(404, "", "not found", "GET", "/jobs/"+strings.ToUpper(unknown), ""),
			call(404, "", "no route", "GET", "/jobs/..", ""),
			call(404, "", "", "GET", "/jobs/%2e%2e", ""),
			call(404, "", "", "GET", "/jobs/%00", ""),
			call(404, "", "", "GET", "/jobs/a%2fb", ""),
			call(404, "", "", "GET", "/jobs/"+strings.Repeat("x", 7<<10), ""),
			call(414, "", "more than 8192 bytes", "GET", "/jobs/"+strings.Repeat("x", 10<<10), ""),
			typed(3, "not found", "job", "show", unknown),
			typed(3, "not found", "execution", "show", unknown),
		}},
		{56, "ids of others", "", []try{
			remotely(404, "", `job "`+unknown+`" not found`, "GET", "/jobs/"+unknown, ""),
			remotely(404, "", `job "target" not found`, "GET", "/jobs/target", ""),
			remotely(404, "", `not found`, "POST", "/jobs/target/run", ""),
			typed(3, `did you mean target?`, "job", "show", "targte"),
		}},
		{57, "pauses and resumptions that make no sense", "the same state asked for again is 204: nothing to complain about", []try{
			act("/jobs/halted/pause", 204, ""),
			act("/jobs/target/resume", 204, ""),
			act("/jobs/ended/pause", 409, "cancelled"),
			act("/jobs/ended/resume", 409, "cancelled"),
			typed(0, "already paused", "job", "pause", "halted"),
			typed(5, "cancelled", "job", "pause", "ended"),
		}},
		{58, "rescheduling what cannot be", "", []try{
			call(409, "", "job is one-time", "PUT", "/jobs/single/reschedule", `{"schedule":"@daily"}`),
			call(409, "", "cancelled", "PUT", "/jobs/ended/reschedule", `{"schedule":"@daily"}`),
			call(412, "", "revision", "PUT", "/jobs/target/reschedule", `{"schedule":"@daily"}`, "If-Match: 99"),
			call(400, "schedule", "outside 0–59", "PUT", "/jobs/target/reschedule", `{"schedule":"61 * * * *"}`),
			typed(2, "outside 0–59", "job", "reschedule", "target", "61 * * * *"),
		}},
		{59, "a job that is cancelled twice", "", []try{
			act("/jobs/ended/cancel", 204, ""),
			typed(0, "already", "job", "cancel", "ended", "--yes"),
		}},
		{60, "retries of what did not fail", "", []try{
			act("/executions/target%2F1/retry", 409, "success"),
			act("/executions/naps%2F1/retry", 409, "running"),
			typed(5, "success", "execution", "retry", "target/1"),
			typed(3, "not found", "execution", "retry", "target/99"),
		}},
		{61, "runs that the state forbids", "a run that overlaps is a skipped one: 201", []try{
			act("/jobs/ended/run", 409, "cancelled"),
			act("/jobs/halted/run", 409, "force"),
			typed(5, "run it with force", "run", "halted"),
			typed(13, "skipped: overlap", "run", "naps").written(),
		}},
		{62, "purging what runs", "", []try{
			call(409, "", "cancel the job and what runs first", "DELETE", "/jobs/naps?purge=true", ""),
			typed(5, "cancel the job and what runs first", "job", "delete", "naps", "--yes"),
		}},
		{63, "a name that is taken", "", []try{
			post(strings.Replace(cron(""), "bad", "target", 1), 409, "", `target`),
			typed(5, "target", "job", "create", "cron", "target", "-s", "@yearly", "--handler", "noop"),
			typed(5, "target", "job", "clone", "single", "target"),
		}},
		{64, "no token, or a bad one", "", []try{
			token("none", 401, "a valid token is needed"),
			token("basic", 401, "a valid token is needed", "Authorization: Basic eDp5"),
			token("empty", 401, "a valid token is needed", "Authorization: Bearer"),
			token("nonsense", 401, "a valid token is needed", "Authorization: Bearer nonsense"),
			token("wrong secret", 401, "a valid token is needed", "Authorization: Bearer $TOKENx"),
			token("lower case", 200, "", "Authorization: bearer $TOKEN"),
			call(400, "", "do not put tokens in URLs", "GET", "/jobs?token=x", ""),
			shell(4, "a valid token is needed", "schedctl ls --server http://$ADDRESS"),
		}},
		{65, "a token that may not", "", []try{
			remotely(403, "", "needs role admin", "GET", "/tokens", ""),
			remotely(403, "", "maintenance concerns all platforms", "PUT", "/maintenance", `{}`),
		}},
		{66, "too many requests", "", []try{flood()}},
		{67, "a store that is away", "", []try{storeless()}},
	}
}

// flood sends more requests at once than a token may.
func flood() try {
	return try{input: "requests without end", status: 429, says: "rate_limited", send: func(s *badSite) reply {
		for end := time.Now().Add(patience); time.Now().Before(end); {
			got := s.exchange(http.DefaultClient, "http://"+s.address, "GET", "/version", "", []string{"Authorization: Bearer " + s.token})
			if got.status != 200 {
				return got
			}
		}
		return reply{}
	}}
}

// storeless asks a daemon whose database went away.
func storeless() try {
	return try{input: "PostgreSQL stops", status: 503, says: "unavailable", send: func(s *badSite) reply {
		pg := testbed.NewPostgres(s.t, testbed.PostgresOptions{})
		other := newSite(s.t)
		other.configure()
		text, _ := os.ReadFile(other.config)
		other.write(other.config, string(text)+"store: {driver: postgres, postgres: {dsn: '"+pg.DSN("postgres")+"'}}\n")
		daemon := exec.Command("schedd", "serve", "--config", other.config)
		daemon.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + other.dir, "GOCOVERDIR=" + os.Getenv("GOCOVERDIR")}
		if err := daemon.Start(); err != nil {
			return reply{err: err}
		}
		defer func() { _, _ = daemon.Process.Kill(), daemon.Wait() }() // without its store it would not end well
		other.until("schedd answers", func() bool { return other.local("version", "-q").status == 0 })
		if err := pg.Stop(); err != nil {
			return reply{err: err}
		}
		away := badSite{site: other}
		got := away.exchange(overSocket(other.file("s")), "http://schedd", "POST", "/jobs/cron", `{"name":"bad","schedule":"@yearly","handler_name":"exec","payload":{"command":["true"]}}`, nil)
		typed := other.local("job", "create", "cron", "bad", "-s", "@yearly", "--", "true")
		if typed.status != 6 {
			return reply{status: typed.status, text: typed.err}
		}
		return got
	}}
}
