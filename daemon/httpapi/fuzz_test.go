package httpapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/agentic-sdlc/scheduler/job"
)

// FuzzJobCreate checks that no body makes a 5xx, and that what is accepted is read
// back as it was answered.
func FuzzJobCreate(f *testing.F) {
	for _, seed := range []string{
		`{"name":"a","schedule":"0 2 * * *","handler_name":"noop"}`,
		`{"name":"a","execute_at":"2026-12-01T00:00:00Z","handler_name":"noop","payload":{"a":[1,2.5e3,"\ud83d\ude00",null]}}`,
		`{"name":"a","in":"1h","handler_name":"http","payload":{"url":"x"},"tags":["a","b"],"metadata":{}}`,
		`{"name":"a","schedule":"@every 90s","start_date":"2026-12-01T00:00:00+01:00","end_date":"2027-01-01T00:00:00Z","max_executions":7,"handler_name":"noop"}`,
		`{"name":"a","name":"b"}`, `{"NAME":"a"}`, `[]`, ``, `null`, `{"a":`, "\xef\xbb\xbf{}", `{"name":"\u0000"}`, `{"payload":{"a":1e999}}`,
		`{"id":"01a2044e-c1c0-7d11-9c40-5be0f3a2c7b1","name":"a","schedule":"H H * * MON-FRI","timezone":"Europe/Berlin","handler_name":"noop","platform_id":"web","concurrency":3,"overlap":"allow"}`,
	} {
		for _, route := range []uint8{0, 1, 2, 3} {
			f.Add(route, []byte(seed))
		}
	}
	b := newBench(f)
	b.do("POST", base+"/jobs/cron", `{"name":"target","schedule":"0 2 * * *","handler_name":"noop"}`).want(201)
	f.Fuzz(func(t *testing.T, route uint8, body []byte) {
		method, path := "POST", base+"/jobs/"+[]string{"cron", "once", "recurring", ""}[route%4]
		if route%4 == 3 {
			method, path = "PATCH", base+"/jobs/target"
		}
		w := send1(b, method, path, body)
		switch {
		case w.Code >= 500:
			t.Fatalf("%s %s %q: %d %s", method, path, body, w.Code, w.Body)
		case w.Code >= 400:
			return
		}
		var made, again job.Job
		if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil {
			t.Fatalf("%s: %v", w.Body, err)
		}
		got := send1(b, "GET", base+"/jobs/"+made.ID.String(), nil)
		if err := json.Unmarshal(got.Body.Bytes(), &again); err != nil || got.Code != 200 {
			t.Fatalf("%d %s: %v", got.Code, got.Body, err)
		}
		if diff := cmp.Diff(made, again); diff != "" {
			t.Errorf("read back otherwise than it was made:\n%s", diff)
		}
		if method == "POST" {
			send1(b, "DELETE", base+"/jobs/"+made.ID.String()+"?purge=true", nil)
		}
	})
}

func send1(b *bench, method, path string, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, bytes.NewReader(body)) //nolint:noctx // a fuzz target has no deadline
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	b.server.ServeHTTP(w, r)
	return w
}

// FuzzScan checks the scanner against encoding/json: what it accepts is valid, its
// members are those of the object, and what it refuses beyond that has a reason.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1}`, `{"a":{"b":[1,"x",true,null]},"c":-0.5e-3}`, `{"a":"\u00e9\n"}`, `{"a":01}`, `{"a":1,}`, `{"\u0061":1,"a":2}`, "{\"a\":\"\xff\"}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		members, err := scanBody(body, maxElements)
		var want map[string]json.RawMessage
		fault := json.Unmarshal(body, &want)
		if err != nil {
			if job.CodeOf(err) != job.Invalid {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		if fault != nil || len(members) != len(want) {
			t.Fatalf("%q was accepted with %d members; encoding/json says %v, %d", body, len(members), fault, len(want))
		}
		for _, m := range members {
			if string(want[m.name]) != string(m.raw) {
				t.Fatalf("%q: member %q is %s, want %s", body, m.name, m.raw, want[m.name])
			}
		}
	})
}

// FuzzQuery checks that no query makes a 5xx.
func FuzzQuery(f *testing.F) {
	b := newBench(f)
	b.do("POST", base+"/jobs/cron", `{"name":"target","schedule":"0 2 * * *","handler_name":"noop"}`).want(201)
	for _, seed := range []string{"limit=1&cursor=x.00000000", "status=active,paused", "created_after=2026-01-01T00:00:00Z", "name=*&tags=a,b", "a=%zz", "at=2026-11-23T13:00:00Z&window=24h&count=3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range []string{"/jobs", "/executions", "/jobs/target/next", "/jobs/target/why", "/next", "/clock-changes", "/audit/slots"} {
			r := httptest.NewRequest(http.MethodGet, base+path, nil) //nolint:noctx // a fuzz target has no deadline
			r.URL.RawQuery = query
			w := httptest.NewRecorder()
			b.server.ServeHTTP(w, r)
			if w.Code >= 500 {
				t.Fatalf("%s?%s: %d %s", path, query, w.Code, w.Body)
			}
		}
	})
}

// FuzzHeaders checks that no idempotency key, revision, cursor or context of a trace makes
// a 5xx.
func FuzzHeaders(f *testing.F) {
	b := newBench(f)
	b.do("POST", base+"/jobs/cron", `{"name":"target","schedule":"0 2 * * *","handler_name":"noop"}`).want(201)
	for _, seed := range []string{"", "1", `"3"`, "*", "W/\"1\"", "a b", "eyJhIjoxfQ.00000000", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "\x7f", "ключ", "99999999999999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, try := range []struct{ method, path, name string }{
			{"PATCH", "/jobs/target", "If-Match"}, {"POST", "/jobs/target/run", "Idempotency-Key"}, {"POST", "/jobs/target/run", "Traceparent"},
			{"POST", "/jobs/target/pause", "X-Schedd-Reason"}, {"GET", "/jobs?cursor=" + url.QueryEscape(text), "Accept"},
			{"GET", "/executions?cursor=" + url.QueryEscape(text), "X-Request-Id"},
		} {
			r := httptest.NewRequest(try.method, base+try.path, strings.NewReader("{}")) //nolint:noctx // a fuzz target has no deadline
			r.Header = http.Header{"Content-Type": {"application/json"}, try.name: {text}}
			w := httptest.NewRecorder()
			b.server.ServeHTTP(w, r)
			if w.Code >= 500 {
				t.Fatalf("%s %s with %s %q: %d %s", try.method, try.path, try.name, text, w.Code, w.Body)
			}
		}
	})
}
