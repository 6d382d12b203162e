package httpapi

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/dump"
)

// sums are the sums of everything in the store.
func (b *bench) sums() dump.Sums {
	b.t.Helper()
	var tally dump.Tally
	for _, err := range tally.Over(b.store.Export(context.WithoutCancel(b.t.Context()))) {
		if err != nil {
			b.t.Fatal(err)
		}
	}
	return tally.Sums()
}

// TestMatrix walks every route as every kind of caller (V1, V3, V6): who may not is
// refused and changes nothing, with HEAD as with GET.
func TestMatrix(t *testing.T) {
	requests := 0
	for _, c := range callers() {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.node(1, "some-job", time.Hour)
			b.cron("some-job", "")
			b.server.(*server).o.Principal = func(*http.Request) (control.Principal, error) { return c.who, c.err }
			before := b.sums()
			served := map[string]bool{}
			for _, rt := range b.server.(*server).routes() {
				name := rt.method + " " + rt.pattern
				served[name] = true
				r, ok := rights[name]
				if !ok {
					t.Errorf("%s has no line in the table of rights", name)
					continue
				}
				methods := []string{rt.method}
				if rt.method == http.MethodGet {
					methods = append(methods, http.MethodHead)
				}
				for _, method := range methods {
					requests++
					got := b.do(method, strings.ReplaceAll(rt.pattern, "{id}", "some-job"), "")
					want := c.want(r)
					if refused := got.Code == 401 || got.Code == 403; want != 0 && got.Code != want || want == 0 && refused {
						t.Errorf("%s %s: %d, want %d: %s", method, rt.pattern, got.Code, want, got.Body)
					}
					if c.refused != 0 && got.Header.Get(api.HeaderVersion) != "" {
						t.Errorf("%s %s tells version %q", method, rt.pattern, got.Header.Get(api.HeaderVersion))
					}
				}
			}
			for name := range rights {
				if !served[name] {
					t.Errorf("%s is in the table of rights and is not served", name)
				}
			}
			if c.refused != 0 || c.who.Role == viewer {
				if differ := before.Differ(b.sums()); differ != "" {
					t.Errorf("the store changed: %s", differ)
				}
			}
		})
	}
	t.Logf("accept: %d routes x %d kinds of callers: %d requests", len(rights), len(callers()), requests)
}

// TestNothingWithoutCredential is V2: no spelling of a path opens it, nor says whether it
// is there.
func TestNothingWithoutCredential(t *testing.T) {
	b := newBench(t, func(_ *control.Options, o *Options) {
		o.Principal = func(*http.Request) (control.Principal, error) {
			return control.Principal{}, job.Errorf(job.Unauthenticated, "a valid token is needed")
		}
	})
	for _, rt := range b.server.(*server).routes() {
		path := strings.ReplaceAll(rt.pattern, "{id}", "x")
		last := path[strings.LastIndex(path, "/"):]
		for _, variant := range []string{
			path + "/", path + "//", "/" + path, path + "/.", path + "/..", path + "/../" + last[1:], path + ";x", path + ";x=y", path + "%2f", path + "%2e", path + "%00",
			path + ".json", path + "/livez", path + "/configs", "/livez/.." + path, "/livez" + path, "/livez%2f.." + path, "/livez;" + path, strings.ToUpper(path), path + "?x=/livez",
			strings.ReplaceAll(path, "/", "//"), strings.ReplaceAll(path, "/", "/./"), strings.ReplaceAll(path, "a", "%61"), "/" + strings.ReplaceAll(path[1:], "/", "%5c"), "/" + strings.ReplaceAll(path[1:], "/", "%2f"), path + "%20",
		} {
			for _, method := range []string{rt.method, "POST", "OPTIONS", "TRACE", "BREW", strings.ToLower(rt.method)} {
				if rt.open && (variant == path+"?x=/livez" || variant == strings.ReplaceAll(path, "a", "%61") || strings.HasPrefix(variant, "/livez?")) {
					continue
				}
				got := b.do(method, variant, "", "X-Original-URL: /livez", "X-HTTP-Method-Override: GET")
				if got.Code != 401 && got.Code != 400 {
					t.Errorf("%s %s: %d %s", method, variant, got.Code, got.Body)
				}
			}
		}
	}
}

// TestPages is V13: nothing that a web page can make a browser send is accepted.
func TestPages(t *testing.T) {
	b := newBench(t)
	b.cron("nightly", "")
	before := b.sums()
	for _, headers := range [][]string{
		{"Origin: http://evil.example"}, {"Origin: null"}, {"Origin: http://127.0.0.1:7070"}, {"Origin: "}, {"Sec-Fetch-Site: cross-site"}, {"Sec-Fetch-Site: same-site"},
		{"Sec-Fetch-Site: none", "Sec-Fetch-Site: cross-site"}, {"Sec-Fetch-Site: CROSS-SITE"},
	} {
		for _, to := range []string{"GET /jobs", "POST /jobs/nightly/run", "DELETE /jobs/nightly", "OPTIONS /jobs"} {
			method, path, _ := strings.Cut(to, " ")
			got := b.do(method, base+path, "", headers...).want(403)
			for name := range got.Header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s answers with %s", to, name)
				}
			}
		}
	}
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""} {
		b.do("POST", base+"/jobs/nightly/run", `{}`, "Content-Type:", "Content-Type: "+kind).want(415)
	}
	for _, path := range []string{"/jobs/nightly/run", "/jobs/nightly/cancel", "/jobs/nightly/pause", "/queue/pause", "/tokens/x/rotate"} { // no GET with effects
		b.do("GET", base+path, "").want(405)
		b.do("HEAD", base+path, "").want(405)
	}
	if differ := before.Differ(b.sums()); differ != "" {
		t.Errorf("the store changed: %s", differ)
	}
	got := b.do("GET", base+"/jobs", "", "Sec-Fetch-Site: none", "Cookie: a=b").want(200)
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
		"Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "", "Set-Cookie": "",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.Header.Get(name), want)
		}
	}
}

// TestSecretsInURLs is a part of row B64.
func TestSecretsInURLs(t *testing.T) {
	b := newBench(t)
	for _, query := range []string{"token=x", "access_token=", "Token=x", "limit=1&api_key=x", "name=schd_aaaaaaaa_x", "name_contains=xschd_"} {
		got := b.do("GET", base+"/jobs?"+query, "").want(400)
		if !bytes.Contains(got.Body, []byte("do not put tokens in URLs")) || bytes.Contains(got.Body, []byte("schd_")) {
			t.Errorf("%s: %s", query, got.Body)
		}
	}
}

// bodyFor is a body that a route takes.
func bodyFor(rt route) string {
	switch {
	case rt.pattern == api.RouteWorkflow && rt.method == "PUT":
		return `{"steps":[{"name":"a","handler_name":"noop"}]}`
	case rt.pattern == api.RouteReply:
		return `{"reply_token":"guess","status":"success"}`
	case rt.method == "PUT":
		return `{"schedule":"0 3 * * *"}`
	case (rt.pattern == api.RouteEventHandler || rt.pattern == api.RouteAlertRule) && rt.method == "PATCH":
		return `{"enabled":false}`
	case rt.method == "PATCH":
		return `{"description":"mine"}`
	case rt.body != nil:
		return `{}`
	}
	return ""
}

// TestForeign is row B56, V5 and V6: what another platform has is not found, in answers
// that are equal byte for byte to those for what nobody has, and nothing changes.
func TestForeign(t *testing.T) {
	b := newBench(t)
	foreign := b.riches("shop", "secret-one")
	const sameID = "X-Request-Id: same"
	before := b.sums()
	b.who = control.Principal{Name: "token:web", Role: admin, Platform: "web", Token: "aaaaaaaa"}
	compared := 0
	compare := func(method, path, other, ref, otherRef, body, header string) {
		t.Helper()
		headers := []string{sameID}
		if header != "" {
			headers = append(headers, header)
		}
		got, want := b.do(method, path, body, headers...), b.do(method, other, body, headers...)
		if got.Code != want.Code || got.Code != 404 && header == "" || got.without(ref) != want.without(otherRef) {
			t.Errorf("%s %s %s: %d %s\n%s: %d %s", method, path, header, got.Code, got.Body, other, want.Code, want.Body)
		}
		compared++
	}
	for _, rt := range b.server.(*server).routes() {
		if !strings.Contains(rt.pattern, "{id}") {
			continue
		}
		kind, known := kindIn(rt.pattern)
		if !known {
			t.Errorf("%s: the table of names does not say what its {id} is", rt.pattern)
		}
		body := bodyFor(rt)
		for _, ref := range foreign[kind] {
			other := twin(ref, compared)
			for _, query := range []string{"", "?platform_id=web"} {
				if rt.pattern == api.RouteLogs && query == "" {
					query = "?follow=true" // V3, V8
				}
				pattern := strings.ReplaceAll(rt.pattern, "{n}", "1")
				path, otherPath := strings.ReplaceAll(pattern, "{id}", ref)+query, strings.ReplaceAll(pattern, "{id}", other)+query
				for _, header := range []string{"", `If-Match: "1"`, `If-Match: "2"`, `If-None-Match: "1"`, "Idempotency-Key: theirs"} {
					compare(rt.method, path, otherPath, ref, other, body, header)
				}
			}
		}
	}
	t.Logf("accept: %d answers about what is foreign are those about what is not there", compared)
	for _, path := range []string{"/jobs", "/jobs?name=secret*", "/jobs?name=*", "/jobs?created_by=root", "/executions", "/next", "/clock-changes", "/audit/slots", "/dead-letter", "/tokens", "/audit"} { // V4
		if items := read[[]any](b.do("GET", base+path, "").want(200)); len(items) != 0 {
			t.Errorf("%s shows %v", path, items)
		}
	}
	for _, platform := range []string{"shop", "*", "default", "nobody"} { // whether it is there is not told
		b.do("GET", base+"/jobs?platform_id="+platform, "").want(403)
		b.do("POST", base+"/jobs/cron", `{"name":"x","platform_id":"`+platform+`","schedule":"0 2 * * *","handler_name":"noop"}`).want(403)
		b.do("POST", base+"/tokens", `{"name":"x","platform_id":"`+platform+`"}`).want(403)
	}
	for _, path := range []string{"/jobs?name=", "/jobs?status=", "/jobs?tags=,", "/jobs?platform_id=", "/jobs?platform_id=web&platform_id=shop", "/jobs?name=a&name="} { // V4
		b.do("GET", base+path, "").want(400)
	}
	q := read[api.Queue](b.do("GET", base+"/queue", "").want(200))
	if q.Ready != 0 || q.Running != 0 || q.Dead != 0 || q.Messages != nil {
		t.Errorf("the queue counts what is foreign: %+v", q)
	}
	if h := b.do("GET", base+"/health", "").want(200); bytes.Contains(h.Body, []byte("dead letter")) {
		t.Errorf("health counts what is foreign: %s", h.Body)
	}
	if differ := before.Differ(b.sums()); differ != "" {
		t.Errorf("the store changed: %s", differ)
	}
}

// TestHandlersOfPlatforms: a handler that is for one platform does not exist for others.
func TestHandlersOfPlatforms(t *testing.T) {
	b := newBench(t, func(c *control.Options, _ *Options) {
		if err := c.Handlers.Register(handler.Info{Name: "ops-only", Kind: "exec", Platforms: []string{"ops"}}, judging{}); err != nil {
			t.Fatal(err)
		}
	})
	create := func(name, platform string, status int) {
		t.Helper()
		b.do("POST", base+"/jobs/cron", `{"name":"`+name+`","platform_id":"`+platform+`","schedule":"0 2 * * *","handler_name":"ops-only","payload":{"url":""}}`).want(status)
	}
	create("a", "ops", 201)
	create("a", "web", 400)
	b.cron("b", `,"platform_id":"web"`)
	b.do("PATCH", base+"/jobs/b", `{"handler_name":"ops-only","payload":{"url":""}}`).want(400)
	b.do("POST", base+"/jobs/a/run", `{"payload":{"url":""}}`).want(201)
	names := func() string {
		var all []string
		for _, h := range read[[]struct{ Name string }](b.do("GET", base+"/handlers", "").want(200)) {
			all = append(all, h.Name)
		}
		return strings.Join(all, " ")
	}
	b.who.Platform = "web"
	if got := names(); got != "exec http noop" {
		t.Errorf("handlers of web: %s", got)
	}
	got := b.do("POST", base+"/jobs/cron", `{"name":"c","schedule":"0 2 * * *","handler_name":"ops-onyl"}`).want(400)
	if bytes.Contains(got.Body, []byte("did you mean")) {
		t.Errorf("the name of a handler of another platform is told: %s", got.Body)
	}
	b.who.Platform = "ops"
	if got := names(); got != "exec http noop ops-only" {
		t.Errorf("handlers of ops: %s", got)
	}
}

// TestTokenCannotSpellCommands: an admin by token is no admin of the machine.
func TestTokenCannotSpellCommands(t *testing.T) {
	b := newBench(t)
	b.who = control.Principal{Name: "token:boss", Role: admin, Platform: control.AnyPlatform, Token: "aaaaaaaa"}
	b.do("POST", base+"/jobs/cron", `{"name":"x","schedule":"0 2 * * *","handler_name":"exec","payload":{"command":["/bin/true"]}}`).want(403)
}

// TestRetryChecksAgain is V9: a payload that was harmless does not become a command
// because the job was given the handler that runs commands.
func TestRetryChecksAgain(t *testing.T) {
	b := newBench(t)
	b.cron("nightly", "")
	root := b.who
	b.who = control.Principal{Name: "op", Role: operator, Platform: control.AnyPlatform}
	e := read[job.Execution](b.do("POST", base+"/jobs/nightly/run", `{"payload":{"command":["/bin/sh"]}}`).want(201))
	b.settle(e.ID, job.EventFail)
	b.who = root
	b.do("PATCH", base+"/jobs/nightly", `{"handler_name":"exec","payload":{"command":["/bin/true"]}}`).want(200)
	b.who = control.Principal{Name: "op", Role: operator, Platform: control.AnyPlatform}
	b.do("POST", base+"/executions/"+e.ID.String()+"/retry", "").want(403)
	b.who = root
	b.do("POST", base+"/executions/"+e.ID.String()+"/retry", "").want(201)
}

// wait is an error that knows how long to wait.
type wait struct{ error }

func (wait) RetryAfter() time.Duration { return 41*time.Second + time.Millisecond }
func (w wait) Unwrap() error           { return w.error }

// TestRetryAfter is row B66.
func TestRetryAfter(t *testing.T) {
	for want, err := range map[string]error{"1": job.Errorf(job.RateLimited, "slow down"), "42": wait{job.Errorf(job.RateLimited, "slow down")}} {
		b := newBench(t, func(_ *control.Options, o *Options) {
			o.Principal = func(*http.Request) (control.Principal, error) { return control.Principal{}, err }
		})
		if got := b.do("GET", base+"/jobs", "").want(429); got.Header.Get("Retry-After") != want {
			t.Errorf("Retry-After: %q, want %s", got.Header.Get("Retry-After"), want)
		}
	}
}

// TestUnauthenticated is row B64: how to do better is told.
func TestUnauthenticated(t *testing.T) {
	b := newBench(t, func(_ *control.Options, o *Options) {
		o.Principal = func(*http.Request) (control.Principal, error) { return control.Principal{}, errors.New("boom") }
	})
	for _, path := range []string{base + "/jobs", "/readyz", "/nope", base + "/jobs/x/pause"} {
		got := b.do("GET", path, "").want(401)
		if got.Header.Get("WWW-Authenticate") != "Bearer" || bytes.Contains(got.Body, []byte("boom")) || got.Header.Get(api.HeaderVersion) != "" {
			t.Errorf("%s: %v %s", path, got.Header, got.Body)
		}
	}
	if got := b.do("GET", "/livez", "").want(200); string(bytes.TrimSpace(got.Body)) != `{"status":"ok"}` || got.Header.Get(api.HeaderVersion) != "" {
		t.Errorf("livez: %v %s", got.Header, got.Body)
	}
}

// TestTokens walks the life of a token over the API.
func TestTokens(t *testing.T) {
	b := newBench(t)
	made := read[api.NewToken](b.do("POST", base+"/tokens", `{"name":"ci","role":"operator","platform_id":"web","expires_in":"720h"}`).want(201))
	if made.PlatformID == nil || *made.PlatformID != "web" || made.Role != "operator" || made.State != "valid" || made.CreatedBy != "root" ||
		!made.ExpiresAt.Equal(monday.Add(720*time.Hour)) || len(made.Secret) != 66 {
		t.Errorf("created: %+v", made)
	}
	kept, err := b.store.Token(t.Context(), made.ID)
	if err != nil || strings.Contains(made.Secret, kept.Hash) || kept.Hash == "" {
		t.Errorf("the store keeps %+v, %v", kept, err)
	}
	b.do("POST", base+"/tokens", `{"name":"ci","platform_id":"web"}`).want(409)
	everywhere := read[api.NewToken](b.do("POST", base+"/tokens?platform_id=*", `{"name":"all"}`).want(201))
	if everywhere.PlatformID == nil || *everywhere.PlatformID != "*" || everywhere.Role != "viewer" || !everywhere.ExpiresAt.Equal(monday.Add(90*24*time.Hour)) {
		t.Errorf("created with defaults: %+v", everywhere)
	}
	if plain := read[api.NewToken](b.do("POST", base+"/tokens", `{"name":"plain"}`).want(201)); plain.PlatformID != nil {
		t.Errorf("a token of no platform belongs to %v", *plain.PlatformID)
	}
	next := read[api.NewToken](b.do("POST", base+"/tokens/ci/rotate", "").want(201))
	if next.ID == made.ID || next.Secret == made.Secret || next.Name != "ci" || next.Role != "operator" {
		t.Errorf("rotated: %+v", next)
	}
	b.do("POST", base+"/tokens/"+made.ID+"/rotate", "").want(409)
	if gone := read[api.Token](b.do("DELETE", base+"/tokens/"+next.ID, "").want(200)); gone.State != "revoked" || gone.RevokedBy != "root" {
		t.Errorf("revoked: %+v", gone)
	}
	b.do("DELETE", base+"/tokens/"+next.ID, "").want(200)
	b.do("DELETE", base+"/tokens/ci", "").want(404)
	list := b.do("GET", base+"/tokens", "").want(200)
	if n := len(read[[]api.Token](list)); n != 4 || bytes.Contains(list.Body, []byte(kept.Hash)) || bytes.Contains(list.Body, []byte("schd_")) {
		t.Errorf("%d tokens, want 4, and no hash: %s", n, list.Body)
	}
	if n := len(read[[]api.Token](b.do("GET", base+"/tokens?platform_id=web", "").want(200))); n != 2 {
		t.Errorf("%d tokens of web, want 2", n)
	}
	w := read[api.Whoami](b.do("GET", base+"/whoami", "").want(200))
	if w.Name != "root" || w.Role != "admin" || w.Via != "socket" || !w.Commands || w.PlatformID == nil || *w.PlatformID != "*" {
		t.Errorf("whoami: %+v", w)
	}
	b.who = control.TokenPrincipal(&store.Token{ID: everywhere.ID, Name: "all", Role: "viewer", Platform: "*"})
	if w := read[api.Whoami](b.do("GET", base+"/whoami", "").want(200)); w.Name != "token:all" || w.Via != "token" || w.TokenID != everywhere.ID || w.ExpiresAt == nil || w.Commands {
		t.Errorf("whoami by token: %+v", w)
	}
}

// TestTokenRefuses are the bad inputs of tokens.
func TestTokenRefuses(t *testing.T) {
	b := newBench(t)
	for _, tt := range []struct{ body, fields string }{
		{`{}`, "name"}, {`{"name":""}`, "name"}, {`{"name":"a b"}`, "name"}, {`{"name":"-x"}`, "name"}, {`{"name":"` + strings.Repeat("x", 65) + `"}`, "name"},
		{`{"name":"x","role":"root"}`, "role"}, {`{"name":"x","role":"Admin"}`, "role"}, {`{"name":"x","role":null}`, "role"},
		{`{"name":"x","expires_in":"90d"}`, "expires_in"}, {`{"name":"x","expires_in":"-1h"}`, "expires_in"}, {`{"name":"x","expires_in":"9000h"}`, "expires_in"}, {`{"name":"x","expires_in":"1s"}`, "expires_in"},
		{`{"name":"x","platform_id":""}`, "platform_id"}, {`{"name":"x","platform_id":"A b"}`, "platform_id"}, {`{"name":"x","hash":"x"}`, "hash"}, {`{"name":"x","Role":"admin"}`, "Role"},
	} {
		if got := b.do("POST", base+"/tokens", tt.body).want(400); got.fields() != tt.fields {
			t.Errorf("%s: fields at fault %q, want %q: %s", tt.body, got.fields(), tt.fields, got.Body)
		}
	}
	b.do("POST", base+"/tokens?platform_id=web", `{"name":"x","platform_id":"shop"}`).want(400)
	for _, ref := range []string{"nope", "%2e%2e", "..%2f", "%00", strings.Repeat("x", 7<<10), "*", "%25"} { // V17
		b.do("DELETE", base+"/tokens/"+ref, "").want(404)
		b.do("POST", base+"/tokens/"+ref+"/rotate", "").want(404)
	}
	if n := len(read[[]any](b.do("GET", base+"/tokens", "").want(200))); n != 0 {
		t.Errorf("%d tokens were made of bad input", n)
	}
}
