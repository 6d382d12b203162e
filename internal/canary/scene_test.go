package canary

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// of are the places of what a job says, and what is told of it: whoever may read jobs may
// read their payloads.
var (
	ofJobs = []string{
		"store: ", "copy", "answer: GET /jobs", "answer: POST /jobs/", "answer: PATCH /jobs/", "api: /backup", "api: /jobs", "api: /export/jobs", "api: /executions", "api: /dead-letter",
		"schedctl job ", "schedctl ls", "schedctl execution ", "schedctl dlq ", "schedctl ps", "schedctl crontab ", "schedctl handler show exec", "schedctl remote job list",
	}
	ofWorkflows = append([]string{"answer: POST /workflows", "api: /workflows", "schedctl workflow "}, ofJobs...)
	ofEvents    = append([]string{"answer: POST /event", "api: /event", "schedctl trigger ", "schedctl event "}, ofJobs...)
	ofAgents    = append([]string{"api: /agents", "answer: POST /agents", "schedctl agent "}, ofJobs...)
)

func and(more string, places []string) []string { return append([]string{more}, places...) }

// jobs makes jobs with canaries in what they say, and runs them.
func (s *site) jobs() {
	s.Helper()
	u := s.world.calls.URL
	bearer := func(c *canary) map[string]any { return map[string]any{"Authorization": "Bearer " + c.value} }
	s.job("free", "exec", map[string]any{
		"command": []string{"/bin/sh", "-c", "cat >/dev/null; exit 1", "--password", s.mintOdd("argument of a job's command", ofJobs...).value},
		"env":     map[string]any{"DB_PASSWORD": s.mintOdd("variable of a job's command", ofJobs...).value},
		"stdin":   s.mint("standard input of a job's command", append([]string{"api: /audit", "schedctl audit"}, ofJobs...)...).value,
	}, nil)
	s.job("absent", "exec", map[string]any{"command": []string{"/nonexistent", s.mint("argument of a command that says nothing of it", append([]string{"api: /audit", "schedctl audit"}, ofJobs...)...).value}}, nil)
	for name, path := range map[string]string{"ok": "/ok", "fails": "/fail", "led-away": "/redirect", "hangs": "/hang"} {
		may := and("received: "+path, ofJobs)
		method := map[string]string{"led-away": "GET"}[name]
		if name == "fails" {
			// What a server says to somebody is kept for whoever may read his job.
			may = append(may, "schedctl logs", "schedctl why")
		}
		payload := map[string]any{"url": u + path + "?token=" + s.mint("query of a call that "+name, may...).value, "headers": bearer(s.mint("header of a call that "+name, may...))}
		if method != "" {
			payload["method"] = method
		} else {
			payload["body"] = map[string]any{"api_key": s.mintOdd("body of a call that "+name, may...).value}
		}
		s.job("call-"+name, "http", payload, nil)
	}
	s.job("call-nobody", "http", map[string]any{"url": "http://127.0.0.1:9/?token=" + s.mint("query of a call that nobody answers", ofJobs...).value}, nil)
	s.job("call-nowhere", "http", map[string]any{"url": "http://no.such.host.invalid/?token=" + s.mint("query of a call of no host", ofJobs...).value}, nil)
	s.job("hooked", "exec", map[string]any{"command": []string{"/bin/false"}}, map[string]any{
		"on_failure": map[string]any{"handler_name": "http", "payload": map[string]any{"url": u + "/ok", "headers": bearer(s.mint("header of a hook", and("received: /ok", ofJobs)...))}},
	})
	for _, name := range []string{"tell", "echo", "broken", "signed", "reindex-knowledge-base"} {
		payload := map[string]any{}
		if name == "reindex-knowledge-base" {
			payload["collection_id"] = "c"
		}
		s.job(name, name, payload, nil)
	}
	// A command that prints what it was given, in every way that it knows, and fails; a call
	// whose server says what it was told; a hook; a message.
	s.job("prints", "exec", map[string]any{
		"shell": `env; echo "$1" >&2; printf %s "$PW" | base64 -w0; echo; printf 'me:%s' "$PW" | base64 -w0; echo; printf %s "$PW" | od -An -tx1 | tr -d ' \n'; echo; cat; exit 4`,
		"env":   map[string]any{"PW": "secret://inline"}, "stdin": "it is secret://in-file.\n",
	}, nil)
	s.job("quotes", "http", map[string]any{"url": u + "/fail?t=secret://in-env", "headers": map[string]any{"Authorization": "Bearer secret://in-env"}}, nil)
	s.job("tries", "exec", map[string]any{"command": []string{"/bin/false"}}, map[string]any{
		"on_failure": map[string]any{"handler_name": "exec", "payload": map[string]any{"command": []string{"/bin/echo", "secret://inline", "secret://in-file"}}},
	})
	s.job("tells", "send-notification", map[string]any{"channel": "pager", "message": "it is secret://in-file"}, nil)
	for _, channel := range []string{"mail", "mail-down", "slack", "pager", "pager-down", "pager-gone"} {
		s.job("to-"+channel, "send-notification", map[string]any{"channel": channel, "message": "hello", "subject": "hello"}, nil)
	}
	for _, name := range []string{"free", "absent", "call-ok", "call-fails", "call-led-away", "call-hangs", "call-nobody", "call-nowhere", "hooked", "prints", "quotes", "tries", "tells", "tell", "echo", "broken", "signed", "reindex-knowledge-base",
		"to-mail", "to-mail-down", "to-slack", "to-pager", "to-pager-down", "to-pager-gone"} {
		s.send(http.MethodPost, "/jobs/"+name+"/run", map[string]any{}, http.StatusCreated)
	}
	s.send(http.MethodPost, "/jobs/call-ok/run", map[string]any{"payload": map[string]any{"url": u + "/ok", "headers": bearer(s.mint("header of one run", and("received: /ok", ofJobs)...))}}, http.StatusCreated)
	s.send(http.MethodPatch, "/jobs/call-nobody", map[string]any{"payload": map[string]any{"url": u + "/ok", "headers": bearer(s.mint("header after a change", ofJobs...))}}, http.StatusOK)
}

// others are agents, workflows and events, with canaries in what they say.
func (s *site) others() {
	s.Helper()
	u := s.world.calls.URL
	s.send(http.MethodPost, "/agents", map[string]any{"name": "bob", "type": "reports", "endpoint": u + "/agent?key=" + s.mint("query of an agent's endpoint", and("received: /agent", ofAgents)...).value}, http.StatusCreated)
	s.job("asks", "reports", map[string]any{"password": s.mint("payload for an agent", and("received: /agent", ofJobs)...).value}, map[string]any{"handler_type": "agent"})
	s.send(http.MethodPost, "/workflows", map[string]any{"name": "flow", "steps": []any{
		map[string]any{"name": "one", "handler_name": "http", "payload": map[string]any{"url": u + "/ok", "headers": map[string]any{
			"Authorization": "Bearer " + s.mint("header of a step", and("received: /ok", ofWorkflows)...).value, "X-Api-Key": "${input.password}",
		}}},
		map[string]any{"name": "two", "needs": []string{"one"}, "handler_name": "exec", "payload": map[string]any{"command": []string{"/bin/false"}}},
	}}, http.StatusCreated)
	s.send(http.MethodPost, "/workflows/flow/run", map[string]any{"payload": map[string]any{"password": s.mint("input of a workflow", and("received: /ok", ofWorkflows)...).value}}, http.StatusCreated)
	s.send(http.MethodPost, "/jobs/asks/run", map[string]any{}, http.StatusCreated)
	s.send(http.MethodPost, "/event-handlers", map[string]any{"name": "on-login", "event_name": "login", "action_type": "create_job", "action_config": map[string]any{
		"name": "greets-${data.user}", "in": "0s", "handler_name": "http",
		"payload": map[string]any{"url": u + "/ok", "headers": map[string]any{
			"Authorization": s.mint("header in a template", and("received: /ok", ofEvents)...).value, "X-Api-Key": "${data.password}",
		}},
	}}, http.StatusCreated)
	s.send(http.MethodPost, "/events", map[string]any{"event": "login", "data": map[string]any{"user": "ann", "password": s.mint("data of an event", and("received: /ok", ofEvents)...).value}}, http.StatusAccepted)
	s.send(http.MethodPost, "/alert-rules", map[string]any{"name": "any", "severity": "critical", "channels": []string{"mail", "mail-down", "slack", "pager", "pager-down", "pager-gone", "dashboard"},
		"condition": map[string]any{"metric": "scheduler.jobs.total", "operator": "gte", "value": 0}}, http.StatusCreated)
}

// settled waits until nothing is to be done any more, and alerts were told of.
func (s *site) settled() {
	s.Helper()
	s.until("everything has ended", func() bool {
		_, body := s.get(prefix + "/executions?limit=100")
		var page []struct{ Status string }
		if json.Unmarshal(body, &page) != nil || len(page) < 25 {
			return false
		}
		for _, e := range page {
			switch e.Status {
			case "success", "failed", "timeout", "cancelled", "skipped":
			default:
				return false
			}
		}
		return true
	})
	s.until("channels were tried", func() bool {
		text, _ := os.ReadFile(s.path("log"))
		return strings.Count(string(text), "a channel could not be told of an alert") >= 3 && len(s.world.mail.Took()) >= 2 && s.world.pings.Load() >= 4
	})
}

// callers come with secrets where they belong, and where they do not.
func (s *site) callers() {
	s.Helper()
	remote := &http.Client{Timeout: 30 * time.Second}
	ask := func(method, path, body string, header map[string]string, want int) {
		s.Helper()
		r, err := http.NewRequestWithContext(s.Context(), method, "http://"+s.address+path, strings.NewReader(body))
		if err != nil {
			s.Fatal(err)
		}
		for name, value := range header {
			r.Header.Set(name, value)
		}
		s.exchange(remote, r, want)
	}
	valid := "Bearer " + s.token
	plain := map[string]string{"Authorization": valid, "Content-Type": "application/json"}
	ask("GET", prefix+"/whoami", "", plain, http.StatusOK)
	ask("GET", prefix+"/jobs", "", map[string]string{"Authorization": "Bearer " + s.mint("wrong bearer token").value}, http.StatusUnauthorized)
	ask("GET", prefix+"/jobs", "", map[string]string{"Authorization": "Basic " + s.mint("basic authorization").value}, http.StatusUnauthorized)
	ask("GET", prefix+"/jobs", "", map[string]string{"Authorization": valid, "Cookie": "session=" + s.mint("cookie").value}, http.StatusOK)
	ask("GET", prefix+"/jobs?token="+s.mint("token in a query").value, "", plain, http.StatusBadRequest)
	ask("GET", "/"+s.mint("path that is not there").value, "", nil, http.StatusUnauthorized)
	for name, body := range map[string]string{
		"body cut short":          `{"payload": {"password": "%s`,
		"field of a wrong type":   `{"name": {"password": "%s"}}`,
		"call with user and host": `{"name": "x", "schedule": "0 0 1 1 *", "handler_name": "http", "payload": {"url": "http://user:%s@example.org/"}}`,
		"call of a place inside":  `{"name": "x", "schedule": "0 0 1 1 *", "handler_name": "http", "payload": {"url": "http://10.0.0.1/?token=%s"}}`,
		"header out of bounds":    `{"name": "x", "schedule": "0 0 1 1 *", "handler_name": "http", "payload": {"url": "http://example.org/", "headers": {"Proxy-Authorization": "%s"}}}`,
		"unknown payload":         `{"name": "x", "schedule": "0 0 1 1 *", "handler_name": "exec", "payload": {"command": ["true"], "password": "%s"}}`,
	} {
		r, _ := http.NewRequestWithContext(s.Context(), http.MethodPost, "http://schedd"+prefix+"/jobs/cron", strings.NewReader(fmt.Sprintf(body, s.mint(name).value)))
		r.Header.Set("Content-Type", "application/json")
		s.exchange(s.local, r, http.StatusBadRequest)
	}
	s.tokens()
}

// tokens are made and changed; each is told once.
func (s *site) tokens() {
	s.Helper()
	var made struct{ Token string }
	for _, step := range []struct{ path, place string }{{"/tokens", "answer: POST /tokens"}, {"/tokens/ci/rotate", "answer: POST /tokens/ci/rotate"}} {
		raw, _ := json.Marshal(map[string]any{"name": "ci", "role": "viewer"})
		if strings.HasSuffix(step.path, "rotate") {
			raw = []byte("{}")
		}
		r, _ := http.NewRequestWithContext(s.Context(), http.MethodPost, "http://schedd"+prefix+step.path, strings.NewReader(string(raw)))
		r.Header.Set("Content-Type", "application/json")
		resp, err := s.local.Do(r)
		if err != nil {
			s.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if json.Unmarshal(body, &made) != nil || made.Token == "" {
			s.Fatalf("%s: %s", step.path, body)
		}
		s.watch("token of "+step.path, secretOf(made.Token), step.place)
		s.search(step.place, body)
	}
}

// secretOf is the part of a token that opens.
func secretOf(token string) string { return strings.TrimSpace(token)[14:50] }
