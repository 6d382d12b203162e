package httpcall

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/handlertest"
	"github.com/agentic-sdlc/scheduler/job"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	h, url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			select {
			case <-r.Context().Done():
			case <-time.After(time.Minute):
			}
		case "/loud":
			w.Write(bytes.Repeat([]byte("\x00\xff<\n"), 1<<20))
		case "/busy":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/gone":
			w.WriteHeader(http.StatusGone)
		}
	})
	payload := func(path string) string { return `{"url": "` + url + path + `"}` }
	handlertest.Run(t, handlertest.Suite{
		New:   func(*testing.T) handler.Handler { return h },
		Quick: payload("/"), Slow: payload("/slow"), Fails: payload("/busy"), Permanent: payload("/gone"), Loud: payload("/loud"),
		Invalid: []string{
			`{}`, `[]`, `{"url": 1}`, `{"url": null}`, `{"url": "file:///etc/passwd"}`, `{"URL": "http://example.org"}`,
			`{"url": "http://example.org", "url": "http://example.net"}`, `{"url": "http://example.org", "verb": "GET"}`,
			`{"url": "http://example.org", "method": "BREW"}`, `{"url": "http://example.org", "method": "get"}`,
			`{"url": "http://example.org", "method": "` + strings.Repeat("X", 1024) + `"}`, `{"url": "http://example.org", "method": "GET", "body": {}}`,
			`{"url": "http://example.org", "timeout_ms": 0}`, `{"url": "http://example.org", "timeout_ms": 86400001}`, `{"url": "http://example.org", "timeout_ms": 1.5}`,
			`{"url": "http://example.org", "expect_status": []}`, `{"url": "http://example.org", "expect_status": 99}`, `{"url": "http://example.org", "expect_status": [200, "x"]}`,
			`{"url": "http://example.org", "headers": ["x"]}`, `{"url": "http://example.org", "headers": {"A": 1}}`, `{"url": "http://example.org", "headers": {"A": "1", "a": "2"}}`,
			`{"url": "http://example.org"} x`,
		},
	})
}

// TestHeaderRules is B50.
func TestHeaderRules(t *testing.T) {
	t.Parallel()
	h := handlerFor(t)
	for name, value := range map[string]string{
		"X: y\r\nZ": "1", "": "1", "A B": "1", "Ä": "1", "X": "a\nb", "Y": "a\r", "Z": "a\x00", "Host": "x", "content-length": "1", "Transfer-Encoding": "chunked",
		"Connection": "close", "Proxy-Authorization": "x", "Cookie": "a=b", "TE": "x", "Upgrade": "h2c", "Expect": "100-continue",
		"X-Schedd-Attempt": "9", "Traceparent": "x", "Accept-Encoding": "gzip", "Long": strings.Repeat("x", 8<<10+1),
	} {
		payload, _ := json.Marshal(map[string]any{"url": "http://example.org", "headers": map[string]string{name: value}})
		err := h.ValidatePayload(payload)
		fault, ok := errors.AsType[*job.Error](err)
		if !ok || fault.Fields[0].Field != "payload.headers."+name {
			t.Errorf("header %q: %.100q is allowed: %v", name, value, err)
		}
	}
	payload := `{"url": "http://example.org", "headers": {"Authorization": "Bearer x", "X-Y": "a\tb ä", "Idempotency-Key": "k"}}`
	if err := h.ValidatePayload(json.RawMessage(payload)); err != nil {
		t.Error(err)
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	var got *http.Request
	var body []byte
	h, url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	})
	for _, tt := range []struct{ name, payload, method, kind, body, key string }{
		{"default", `{"url": "URL/x?y=1"}`, "GET", "", "", "01990000-0000-0000-0000-000000000002"},
		{"text", `{"url": "URL", "body": "a b\n"}`, "POST", "text/plain; charset=utf-8", "a b\n", "01990000-0000-0000-0000-000000000002"},
		{"JSON", `{"url": "URL", "body": {"b": [1, 1e400000], "a": null}, "method": "PUT"}`, "PUT", "application/json", `{"b":[1,1e400000],"a":null}`, "01990000-0000-0000-0000-000000000002"},
		{"null", `{"url": "URL", "body": null}`, "GET", "", "", "01990000-0000-0000-0000-000000000002"},
		{"empty text", `{"url": "URL", "body": ""}`, "POST", "text/plain; charset=utf-8", "", "01990000-0000-0000-0000-000000000002"},
		{"own headers", `{"url": "URL", "body": false, "headers": {"content-type": "x/y", "idempotency-key": "mine"}}`, "POST", "x/y", "false", "mine"},
	} {
		o := run(t.Context(), t, h, strings.ReplaceAll(tt.payload, "URL", url))
		if o.err != nil {
			t.Errorf("%s: %v", tt.name, o.err)
			continue
		}
		if got.Method != tt.method || got.Header.Get("Content-Type") != tt.kind || string(body) != tt.body || got.Header.Get("Idempotency-Key") != tt.key {
			t.Errorf("%s: %s %q %q %v", tt.name, got.Method, got.Header.Get("Content-Type"), body, got.Header)
		}
		for name, want := range map[string]string{
			"X-Schedd-Execution-Id": "01990000-0000-0000-0000-000000000002", "X-Schedd-Attempt": "1", "User-Agent": "schedd",
			"Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "Accept-Encoding": "",
		} {
			if got.Header.Get(name) != want {
				t.Errorf("%s: %s: %q, want %q", tt.name, name, got.Header.Get(name), want)
			}
		}
	}
}

// TestStatus is the table of classes of F32.
func TestStatus(t *testing.T) {
	t.Parallel()
	h, url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var status int
		fmt.Sscan(r.URL.Query().Get("s"), &status)
		if after := r.URL.Query().Get("a"); after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.WriteHeader(status)
	})
	for _, tt := range []struct {
		status    int
		after     string
		expect    string
		class     string
		permanent bool
		retry     time.Duration
	}{
		{200, "", "", "", false, 0},
		{201, "", "", "", false, 0},
		{204, "", "", "", false, 0},
		{304, "", "", "http_304", true, 0},
		{400, "7", "", "http_400", true, 0},
		{404, "", "", "http_404", true, 0},
		{404, "", "[200,404]", "", false, 0},
		{404, "", "404", "", false, 0},
		{200, "", "204", "http_200", true, 0},
		{429, "1", "", "http_429", false, time.Second},
		{503, "1", "", "http_503", false, time.Second},
		{503, "315360000", "", "http_503", false, time.Hour},
		{503, "99999999999999999999999", "", "http_503", false, time.Hour},
		{503, "garbage", "", "http_503", false, 0},
		{503, "-5", "", "http_503", false, 0},
		{503, "1.5", "", "http_503", false, 0},
		{503, "Fri, 31 Dec 1999 23:59:59 GMT", "", "http_503", false, 0},
		{503, "Fri, 31 Dec 2199 23:59:59 GMT", "", "http_503", false, time.Hour},
		{500, "7", "", "http_500", false, 0},
		{502, "", "", "http_502", false, 0},
		{599, "", "", "http_599", false, 0},
	} {
		expect := ""
		if tt.expect != "" {
			expect = `, "expect_status": ` + tt.expect
		}
		o := run(t.Context(), t, h, fmt.Sprintf(`{"url": "%s/?s=%d&a=%s"%s}`, url, tt.status, strings.ReplaceAll(tt.after, " ", "+"), expect))
		if o.failure.Class != tt.class || o.failure.Permanent != tt.permanent || o.failure.RetryAfter != tt.retry || (o.err == nil) != (tt.class == "") {
			t.Errorf("%d %q: %+v", tt.status, tt.after, o.failure)
		}
		if !strings.HasPrefix(string(o.Value), fmt.Sprintf(`{"status":%d,`, tt.status)) {
			t.Errorf("%d: result %s", tt.status, o.Value)
		}
	}
}

func TestRetryAfterDate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	if got := retryAfter("Sun, 22 Nov 2026 02:01:30 GMT", now); got != 90*time.Second {
		t.Errorf("retryAfter = %v, want 90s", got)
	}
}

func TestResult(t *testing.T) {
	t.Parallel()
	bodies := map[string]struct{ kind, body, want string }{
		"json":        {"application/json", `{"b": 1, "a": [12345678901234567890, "<&>"]}`, `{"a":[12345678901234567890,"<&>"],"b":1}`},
		"problem":     {"application/problem+json", `[]`, `[]`},
		"broken json": {"application/json", `{"a": `, `"{\"a\": "`},
		"two values":  {"application/json", `{} {}`, `"{} {}"`},
		"nul":         {"application/json", `{"a": "\u0000"}`, `"{\"a\": \"\\u0000\"}"`},
		"surrogate":   {"application/json", `"\ud800"`, `"` + "\uFFFD" + `"`},
		"text":        {"text/plain", "a\n<b>", `"a\n<b>"`},
		"binary":      {"image/png", "\x89PNG\x00", `"` + "\uFFFDPNG\uFFFD" + `"`},
		"empty":       {"text/plain", "", ``},
	}
	h, url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b := bodies[r.URL.Query().Get("b")]
		w.Header().Set("Content-Type", b.kind)
		w.Header().Set("X-Request-Id", strings.Repeat("x", 300))
		w.Header().Set("Set-Cookie", "secret")
		io.WriteString(w, b.body)
	})
	for name, b := range bodies {
		o := run(t.Context(), t, h, `{"url": "`+url+`/?b=`+strings.ReplaceAll(name, " ", "+")+`"}`)
		var got struct {
			Status  int
			Headers map[string]string
			Body    json.RawMessage
		}
		if err := json.Unmarshal(o.Value, &got); err != nil || o.err != nil {
			t.Errorf("%s: %v, %v", name, err, o.err)
		}
		if string(got.Body) != b.want || got.Status != 200 || got.Headers["Content-Type"] != b.kind || len(got.Headers["X-Request-Id"]) != 256 || len(got.Headers) != 3 {
			t.Errorf("%s: %s, want body %s", name, o.Value, b.want)
		}
	}
}

// TestHugeAnswers is the 10 GiB body and the gzip bomb: 1 MiB is read, 64 KiB kept.
func TestHugeAnswers(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	z.Write(make([]byte, 16<<20))
	z.Close()
	h, url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb.Bytes())
			return
		case "/json":
			w.Header().Set("Content-Type", "application/json")
			json.NewEncoder(w).Encode(strings.Repeat("x", 100<<10))
			return
		}
		chunk := bytes.Repeat([]byte("\x01"), 64<<10)
		for {
			n, err := w.Write(chunk)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	for _, path := range []string{"/endless", "/json"} {
		o := run(t.Context(), t, h, `{"url": "`+url+path+`"}`)
		if o.err != nil || len(o.Value) > job.MaxResult || len(o.Value) < 60<<10 || !bytes.Contains(o.Value, []byte(`"truncated":true`)) {
			t.Errorf("%s: %d bytes, %v", path, len(o.Value), o.err)
		}
	}
	if n := sent.Load(); n > 64<<20 {
		t.Errorf("%d bytes were taken", n)
	}
	if o := run(t.Context(), t, h, `{"url": "`+url+`/bomb"}`); o.err != nil || len(o.Value) > job.MaxResult {
		t.Errorf("bomb: %d bytes, %v", len(o.Value), o.err)
	}
}

// TestFaults is the network part of F32.
func TestFaults(t *testing.T) {
	t.Parallel()
	head := "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
	request := func(c net.Conn) { c.Read(make([]byte, 4096)) }
	for _, tt := range []struct {
		name, class string
		server      func(net.Conn)
	}{
		{"closes at once", "http_network", func(net.Conn) {}},
		{"closes after the request", "http_network", request},
		{"resets in mid body", "http_network", func(c net.Conn) { request(c); io.WriteString(c, head); c.(*net.TCPConn).SetLinger(0) }},
		{"closes in mid body", "http_network", func(c net.Conn) { request(c); io.WriteString(c, head) }},
		{"says nonsense", "http_network", func(c net.Conn) { request(c); io.WriteString(c, "220 smtp ready\r\n\r\n") }},
		{"endless header", "http_network", func(c net.Conn) {
			request(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			for i := 0; ; i++ {
				if _, err := fmt.Fprintf(c, "X-%d: %s\r\n", i, strings.Repeat("x", 1000)); err != nil {
					return
				}
			}
		}},
		{"never answers", "http_timeout", func(c net.Conn) { io.Copy(io.Discard, c) }},
		{"never goes on after 100", "http_timeout", func(c net.Conn) {
			request(c)
			io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
			io.Copy(io.Discard, c)
		}},
		{"drips its header", "http_timeout", func(c net.Conn) { request(c); drip(c, head[:40]) }},
		{"drips its body", "http_timeout", func(c net.Conn) { request(c); io.WriteString(c, head); drip(c, strings.Repeat("x", 96)) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, url := raw(t, tt.server)
			o := run(t.Context(), t, h, `{"url": "`+url+`", "timeout_ms": 500}`)
			if tt.class != "http_timeout" { // on a slow machine it may be one
				for range 20 {
					if o.failure.Class != "http_timeout" {
						break
					}
					o = run(t.Context(), t, h, `{"url": "`+url+`", "timeout_ms": 5000}`)
				}
			}
			if o.failure.Class != tt.class || o.failure.Permanent {
				t.Errorf("class %q, want %q: %v", o.failure.Class, tt.class, o.err)
			}
			if strings.Contains(o.failure.Message, ":"+url[len("http://127.0.0.1:"):]) {
				t.Errorf("message %q names the address", o.failure.Message)
			}
		})
	}
}

// drip writes a byte at a time, for 10 s at most.
func drip(c net.Conn, text string) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for i := range text {
		<-tick.C
		if _, err := c.Write([]byte{text[i]}); err != nil {
			return
		}
	}
}

func TestConnectFaults(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	l.Close()
	h := handlerFor(t, portOfURL(t, url))
	o := run(t.Context(), t, h, `{"url": "`+url+`"}`)
	if o.failure.Class != "http_connect" || o.failure.Permanent || o.failure.Message != "connect to 127.0.0.1: connection refused" {
		t.Errorf("refused: %+v", o.failure)
	}
	h.client = resolving(t, GuardOptions{}).Client()
	o = run(t.Context(), t, h, `{"url": "http://nowhere.example/"}`)
	if o.failure.Class != "http_dns" || o.failure.Permanent || o.failure.Message != "look up nowhere.example: no such host" {
		t.Errorf("unknown name: %+v", o.failure)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok")) }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	port := portOfURL(t, s.URL)
	payload := `{"url": "` + s.URL + `"}`
	o := run(t.Context(), t, handlerFor(t, port), payload)
	if o.failure.Class != "http_tls" || o.failure.Permanent || o.failure.Message != "TLS with 127.0.0.1: the certificate is signed by an unknown authority" {
		t.Errorf("self-signed: %+v", o.failure)
	}
	with := func(c *tls.Config) outcome {
		g, err := NewGuard(GuardOptions{Private: loopback(t).o.Private, Ports: []uint16{port}, TLS: c})
		if err != nil {
			t.Fatal(err)
		}
		h, err := New(Options{Guard: g})
		if err != nil {
			t.Fatal(err)
		}
		return run(t.Context(), t, h, payload)
	}
	pool := s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	if o := with(&tls.Config{RootCAs: pool}); o.err != nil {
		t.Errorf("known authority: %v", o.err)
	}
	late := func() time.Time { return time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC) }
	if o := with(&tls.Config{RootCAs: pool, Time: late}); o.failure.Class != "http_tls" || !strings.Contains(o.failure.Message, "expired") {
		t.Errorf("expired: %+v", o.failure)
	}
	if o := with(&tls.Config{RootCAs: pool, ServerName: "other.org"}); o.failure.Class != "http_tls" || !strings.Contains(o.failure.Message, "another host") {
		t.Errorf("other name: %+v", o.failure)
	}
	h, url := serve(t, func(http.ResponseWriter, *http.Request) {})
	if o := run(t.Context(), t, h, `{"url": "`+strings.Replace(url, "http:", "https:", 1)+`"}`); o.failure.Class != "http_tls" {
		t.Errorf("plain server: %+v", o.failure)
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	var got http.Header
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		if r.URL.Path == "/back" {
			http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
		}
	}))
	defer other.Close()
	s := httptest.NewServer(nil)
	defer s.Close()
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		body, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/3", "/2", "/1":
			http.Redirect(w, r, map[string]string{"/3": "/2", "/2": "/1", "/1": "/0#fragment"}[r.URL.Path], http.StatusFound)
		case "/to":
			http.Redirect(w, r, r.URL.Query().Get("u"), http.StatusFound)
		case "/307":
			http.Redirect(w, r, r.URL.Query().Get("u"), http.StatusTemporaryRedirect)
		case "/echo":
			w.Write(body)
		}
	})
	h := handlerFor(t, portOfURL(t, s.URL), portOfURL(t, other.URL))
	call := func(path string, more string) outcome {
		got = nil
		return run(t.Context(), t, h, `{"url": "`+s.URL+path+`", "headers": {"Authorization": "secret", "X-Api-Key": "secret", "Accept": "x/y"}`+more+`}`)
	}
	if o := call("/3", ""); o.err != nil || got.Get("X-Api-Key") != "secret" {
		t.Errorf("3 redirects: %v, %v", o.err, got)
	}
	if o := call("/loop", ""); o.failure.Class != "http_redirect" || !o.failure.Permanent {
		t.Errorf("loop: %+v", o.failure)
	}
	for _, to := range []string{"http://127.0.0.1:22/", "http://169.254.169.254/", "file:///etc/passwd", "http://[::1]/", "http://localhost/", "http://u:p@example.org/"} {
		if o := call("/to?u="+to, ""); o.failure.Class != "http_forbidden" || !o.failure.Permanent {
			t.Errorf("redirect to %s: %v", to, o.err)
		}
	}
	for _, path := range []string{"/to?u=" + other.URL + "/x", "/to?u=" + other.URL + "/back?to=" + s.URL + "/0"} {
		o := call(path, "")
		if o.err != nil || got.Get("Authorization") != "" || got.Get("X-Api-Key") != "" || got.Get("Idempotency-Key") != "" || got.Get("Accept") != "x/y" {
			t.Errorf("other host: %v, %v", o.err, got)
		}
	}
	if o := call("/307?u=/echo", `, "body": "text"`); o.err != nil || !bytes.Contains(o.Value, []byte(`"body":"text"`)) {
		t.Errorf("307: %s, %v", o.Value, o.err)
	}
	if o := call("/307?u="+other.URL+"/x", `, "body": "text"`); o.failure.Class != "http_redirect" || got.Get("X-Api-Key") != "secret" {
		t.Errorf("307 to another host: %v", o.err)
	}
}

func TestStray(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		from, to string
		want     bool
	}{
		{"http://a/", "http://a/x", false},
		{"http://a/", "https://A:443/", false},
		{"http://a:80/", "https://a/", false},
		{"https://a/", "http://a/", true},
		{"https://a/", "https://b.a/", true},
		{"http://a/", "http://a:8080/", true},
		{"http://a:443/", "https://a/", true},
	} {
		from, _ := http.NewRequest(http.MethodGet, tt.from, nil)
		to, _ := http.NewRequest(http.MethodGet, tt.to, nil)
		if got := stray(from.URL, to.URL); got != tt.want {
			t.Errorf("stray(%s, %s) = %v, want %v", tt.from, tt.to, got, tt.want)
		}
	}
}

func TestNamed(t *testing.T) {
	t.Parallel()
	var got *http.Request
	var body []byte
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
	}))
	defer s.Close()
	o := Options{Guard: loopback(t, portOfURL(t, s.URL))}
	h, err := Named(o, NamedOptions{URL: s.URL + "/reindex", Headers: map[string]string{"cookie": "a=b"}, ExpectStatus: []int{202}})
	if err != nil {
		t.Fatal(err)
	}
	if o := run(t.Context(), t, h, `{"url": "http://evil.example", "n": 1}`); o.err != nil {
		t.Fatal(o.err)
	}
	if got.Method != "POST" || got.URL.Path != "/reindex" || got.Header.Get("Cookie") != "a=b" || string(body) != `{"url": "http://evil.example", "n": 1}` {
		t.Errorf("%s %s %v %s", got.Method, got.URL, got.Header, body)
	}
	h, err = Named(o, NamedOptions{URL: s.URL, Method: "GET"})
	if err != nil {
		t.Fatal(err)
	}
	if o := run(t.Context(), t, h, `{}`); o.err != nil || got.Method != "GET" {
		t.Errorf("GET: %v", o.err)
	}
	if err := h.ValidatePayload(json.RawMessage(`{"n": 1}`)); job.CodeOf(err) != job.Invalid {
		t.Errorf("ValidatePayload = %v, want invalid: nobody would send it", err)
	}
	for field, n := range map[string]NamedOptions{
		"url":              {URL: "http://10.0.0.1"},
		"method":           {URL: s.URL, Method: "BREW"},
		"headers.Host":     {URL: s.URL, Headers: map[string]string{"Host": "x"}},
		"timeout":          {URL: s.URL, Timeout: -1},
		"expect_status[0]": {URL: s.URL, ExpectStatus: []int{42}},
	} {
		_, err := Named(o, n)
		fault, ok := errors.AsType[*job.Error](err)
		if !ok || fault.Fields[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestContext(t *testing.T) {
	t.Parallel()
	started := make(chan struct{}, 1)
	h, url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		started <- struct{}{}
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-started
		cancel(errors.New("the daemon stops"))
	}()
	o := run(ctx, t, h, `{"url": "`+url+`/path?key=secret"}`)
	want := "call of 127.0.0.1 stopped: the daemon stops"
	if o.failure.Class != "cancelled" || !errors.Is(o.err, context.Canceled) || o.err.Error() != want {
		t.Errorf("%+v", o.failure)
	}
	lines := []handlertest.Line{{Level: job.LogWarn, Stream: job.StreamSystem, Text: "GET " + url + "/path: " + want}}
	if diff := cmp.Diff(lines, o.log.Lines()); diff != "" {
		t.Error(diff)
	}
}

// TestClientForOthers is the guard as other packages use it.
func TestClientForOthers(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	get := func(g *Guard, url string) error {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("x"))
		resp, err := g.Client().Do(req)
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	if err := get(newGuard(t, GuardOptions{}), s.URL); !isForbidden(err) {
		t.Errorf("loopback: %v, want ForbiddenError", err)
	}
	if err := get(loopback(t, portOfURL(t, s.URL)), s.URL); err != nil {
		t.Errorf("allowed loopback: %v", err)
	}
	g := newGuard(t, GuardOptions{Private: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	if err := get(g, s.URL); !isForbidden(err) {
		t.Errorf("port: %v, want ForbiddenError", err)
	}
}
