package notify_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/handlertest"
	"github.com/agentic-sdlc/scheduler/handler/httpcall"
	"github.com/agentic-sdlc/scheduler/handler/notify"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const password = "hunter2-hunter2"

// inbox is a mail server with TLS and a password, and a channel that reaches it.
func inbox(t *testing.T, implicit bool) (*testbed.MailServer, notify.Channel) {
	t.Helper()
	authority := testbed.NewAuthority(t)
	cert, key := authority.Issue(t, "localhost")
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	sink := testbed.SMTP(t, testbed.MailOptions{
		TLS: &tls.Config{Certificates: []tls.Certificate{pair}}, Implicit: implicit, User: "schedd", Password: password,
	})
	c := notify.Channel{
		Name: "email", Type: notify.TypeEmail, Host: "localhost", Port: sink.Port(), CAFile: authority.CA,
		Username: "schedd", Password: password, From: "Scheduler <schedd@example.org>", To: []string{"ops@example.org"},
	}
	if implicit {
		c.TLS = notify.TLSImplicit
	}
	return sink, c
}

func newHandler(t *testing.T, channels ...notify.Channel) *notify.Handler {
	t.Helper()
	return notify.New(sender(t, channels...))
}

func sender(t *testing.T, channels ...notify.Channel) *notify.Sender {
	t.Helper()
	o := httpcall.GuardOptions{Private: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	for _, c := range channels {
		if u, err := url.Parse(c.URL); err == nil && u.Port() != "" {
			port, _ := strconv.ParseUint(u.Port(), 10, 16)
			o.Ports = append(o.Ports, uint16(port))
		}
	}
	guard, err := httpcall.NewGuard(o)
	if err != nil {
		t.Fatal(err)
	}
	s, err := notify.NewSender(notify.Options{Channels: channels, Guard: guard, Hide: strings.NewReplacer(password, "[redacted]").Replace})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func send(t *testing.T, h handler.Handler, payload string) (handler.Result, *handler.Failure, *handlertest.Recorder) {
	t.Helper()
	task, log := handlertest.NewTask(payload)
	result, err := h.Run(t.Context(), task)
	log.Check(t)
	f, ok := errors.AsType[*handler.Failure](err)
	if err != nil && !ok {
		t.Fatalf("Run = %v, want a failure", err)
	}
	for _, text := range append(log.Texts(job.StreamSystem), fmt.Sprint(err), string(result.Value)) {
		if strings.Contains(text, password) {
			t.Errorf("a secret is told: %s", text)
		}
	}
	return result, f, log
}

func TestConformance(t *testing.T) {
	sink, c := inbox(t, false)
	_ = sink
	handlertest.Run(t, handlertest.Suite{
		New:       func(t *testing.T) handler.Handler { return newHandler(t, c) },
		Quick:     `{"message": "hello"}`,
		Permanent: `{"recipient": "a@example.org\r\nBcc: b@example.org", "message": "x"}`,
		Invalid: []string{
			`{}`, `[]`, `{"message": 1}`, `{"message": "x", "to": "y"}`, `{"message": "x", "channel": "nix"}`,
			`{"message": "x", "subject": "a\nBcc: b@example.org"}`, `{"message": "{{data.nix}}"}`, `{"message": "{{nix}}"}`, `{"message": "{{"}`,
			`{"message": "x", "recipient": "nobody"}`, `{"message": "x", "recipient": ["a@example.org", "b\r\n@example.org"]}`,
			`{"message": "x", "subject": "{{data.s}}", "data": {"s": "a\r\nBcc: b@example.org"}}`,
			`{"message": "x", "recipient": "{{data.s}}", "data": {"s": "a@example.org>\r\nRCPT TO:<b@example.org"}}`,
		},
	})
}

// TestMail sends over TLS, with a password, by both ways to encrypt.
func TestMail(t *testing.T) {
	t.Parallel()
	for _, implicit := range []bool{false, true} {
		t.Run(fmt.Sprintf("implicit=%v", implicit), func(t *testing.T) {
			t.Parallel()
			sink, c := inbox(t, implicit)
			h := newHandler(t, c)
			result, f, _ := send(t, h, `{"recipient": ["ann@example.org", "Bob <bob@example.net>"], "subject": "Größe {{run.number}} of {{job.name}}",
				"message": "hi {{data.name}}, {{payload.data.n}} {{data.list}} {{data.braces}}\n.\nbye", "html": "<b>{{data.name}}</b>",
				"data": {"name": "<Ann>", "n": 9007199254740993, "list": [1, null], "braces": "{{job.id}}"}}`)
			if f != nil {
				t.Fatal(f)
			}
			mails := sink.Took()
			if len(mails) != 1 {
				t.Fatalf("%d mails arrived, want 1", len(mails))
			}
			m := mails[0]
			if !m.Encrypted || m.User != "schedd" || m.From != "schedd@example.org" || strings.Join(m.To, " ") != "ann@example.org bob@example.net" {
				t.Errorf("the mail came as %+v", m)
			}
			for _, want := range []string{
				"Subject: =?UTF-8?q?Gr=C3=B6=C3=9Fe_42_of_nightly?=", "Message-ID: <01990000-0000-0000-0000-000000000002@example.org>", "Auto-Submitted: auto-generated",
				"hi <Ann>, 9007199254740993 [1,null] {{job.id}}", "<b>&lt;Ann&gt;</b>",
			} {
				if !strings.Contains(m.Text, want) {
					t.Errorf("the mail lacks %q:\n%s", want, m.Text)
				}
			}
			if want := `{"success":true,"channel":"email","recipient":["ann@example.org","Bob \u003cbob@example.net\u003e"],"message_id":"01990000-0000-0000-0000-000000000002@example.org"}`; string(result.Value) != want {
				t.Errorf("result = %s, want %s", result.Value, want)
			}
		})
	}
}

// TestMailFails: what may be retried is told from what may not.
func TestMailFails(t *testing.T) {
	t.Parallel()
	sink, good := inbox(t, false)
	plain := testbed.SMTP(t, testbed.MailOptions{})
	for _, tt := range []struct {
		name      string
		change    func(c *notify.Channel)
		class     string
		permanent bool
	}{
		{"busy", func(*notify.Channel) { sink.Refuse("451 4.7.1 later") }, "smtp_busy", false},
		{"rejected", func(*notify.Channel) { sink.Refuse("550 5.1.1 nobody here") }, "smtp_rejected", true},
		{"wrong password", func(c *notify.Channel) { c.Password = password + "x" }, "smtp_auth", false},
		{"no password", func(c *notify.Channel) { c.Username, c.Password = "", "" }, "smtp_rejected", true},
		{"unknown authority", func(c *notify.Channel) { c.CAFile = "" }, "smtp_tls", false},
		{"no encryption", func(c *notify.Channel) { c.Port = plain.Port() }, "smtp_tls", false},
		{"nobody listens", func(c *notify.Channel) { c.Port = 1 }, "smtp_connect", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := good
			tt.change(&c)
			_, f, _ := send(t, newHandler(t, c), `{"message": "x"}`)
			if f == nil || f.Class != tt.class || f.Permanent != tt.permanent {
				t.Errorf("Run = %+v, want class %s, permanent %v", f, tt.class, tt.permanent)
			}
		})
	}
	if n := len(sink.Took()) + len(plain.Took()); n != 0 {
		t.Errorf("%d mails arrived, want none", n)
	}
}

// TestStop: a server that says nothing is left when the run is stopped.
func TestStop(t *testing.T) {
	t.Parallel()
	l := httptest.NewUnstartedServer(nil).Listener
	t.Cleanup(func() { _ = l.Close() })
	_, port, _ := strings.Cut(l.Addr().String(), ":")
	n, _ := strconv.Atoi(port)
	h := newHandler(t, notify.Channel{Name: "email", Type: notify.TypeEmail, Host: "127.0.0.1", Port: n, From: "a@example.org", To: []string{"b@example.org"}})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		if conn, err := l.Accept(); err == nil {
			cancel()
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}
	}()
	task, _ := handlertest.NewTask(`{"message": "x"}`)
	if _, err := h.Run(ctx, task); !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %v, want a cancellation", err)
	}
}

type call struct {
	header http.Header
	body   string
}

// hook is a server that keeps what it is sent, and answers with the status.
func hook(t *testing.T, status int) (string, chan call) {
	t.Helper()
	calls := make(chan call, 8)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		calls <- call{r.Header, string(body)}
		w.WriteHeader(status)
	}))
	t.Cleanup(s.Close)
	return s.URL, calls
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	address, calls := hook(t, http.StatusNoContent)
	key := []byte("0123456789abcdef0123456789abcdef")
	h := newHandler(t, notify.Channel{Name: "pager", Type: notify.TypeWebhook, URL: address + "/" + password, Secret: "whsec_" + base64.StdEncoding.EncodeToString(key)})
	if _, f, _ := send(t, h, `{"recipient": "ann", "subject": "down", "message": "{{job.name}} is <down>", "data": {"n": 1}}`); f != nil {
		t.Fatal(f)
	}
	got := <-calls
	id, at := got.header.Get("Webhook-Id"), got.header.Get("Webhook-Timestamp")
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, at, got.body)
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); got.header.Get("Webhook-Signature") != want || id == "" || at == "" {
		t.Errorf("signature %q of %s at %s, want %q", got.header.Get("Webhook-Signature"), id, at, want)
	}
	var body map[string]any
	if err := json.Unmarshal([]byte(got.body), &body); err != nil || body["message"] != "nightly is <down>" || body["id"] != id || body["type"] != "notification" {
		t.Errorf("the body is %s, %v", got.body, err)
	}
}

func TestSlack(t *testing.T) {
	t.Parallel()
	address, calls := hook(t, http.StatusOK)
	h := newHandler(t, notify.Channel{Name: "ops", Type: notify.TypeSlack, URL: address + "/services/" + password})
	if _, f, _ := send(t, h, `{"subject": "{{job.name}}", "message": "<https://example.org|see> {{data.x}}", "data": {"x": "<!channel>"}}`); f != nil {
		t.Fatal(f)
	}
	if got, want := (<-calls).body, `{"text":"*nightly*\n\u003chttps://example.org|see\u003e \u0026lt;!channel\u0026gt;"}`; got != want {
		t.Errorf("Slack got %s, want %s", got, want)
	}
	if err := h.ValidatePayload([]byte(`{"message": "x", "recipient": "#ops"}`)); err == nil || !strings.Contains(err.Error(), "recipient") {
		t.Errorf("a recipient in Slack = %v, want a refusal", err)
	}
}

// TestHookFails: the address of a hook is a secret, also when it fails.
func TestHookFails(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status    int
		permanent bool
	}{{503, false}, {404, true}} {
		address, _ := hook(t, tt.status)
		h := newHandler(t, notify.Channel{Name: "ops", Type: notify.TypeSlack, URL: address + "/services/" + password})
		_, f, _ := send(t, h, `{"message": "x"}`)
		if f == nil || f.Class != "http_"+strconv.Itoa(tt.status) || f.Permanent != tt.permanent {
			t.Errorf("Run = %+v, want class http_%d, permanent %v", f, tt.status, tt.permanent)
		}
	}
	h, err := notify.NewSender(notify.Options{Channels: []notify.Channel{{Name: "in", Type: notify.TypeWebhook, URL: "http://127.0.0.1/"}}})
	if err == nil || job.CodeOf(err) != job.Invalid {
		t.Errorf("a private address without leave = %v, %v; want it refused", h, err)
	}
}

func TestNamed(t *testing.T) {
	t.Parallel()
	sink, c := inbox(t, false)
	c.AllowTo, c.Platforms = []string{"example.org"}, []string{"default"}
	h, err := notify.Named(sender(t, c), notify.NamedOptions{Message: notify.Message{
		To: []string{"{{payload.user_email}}"}, Subject: "Day {{run.occurrence}}", Text: "Hello {{payload.user_id}}",
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, f, _ := send(t, h, `{"user_email": "ann@example.org", "user_id": 7}`); f != nil {
		t.Fatal(f)
	}
	if mails := sink.Took(); len(mails) != 1 || !strings.Contains(mails[0].Text, "Subject: Day 3\r\n") || !strings.Contains(mails[0].Text, "Hello 7") {
		t.Errorf("mails = %+v", mails)
	}
	for _, bad := range []string{`{}`, `[]`, `{"user_email": "ann@example.net", "user_id": 7}`, `{"user_email": "ann@example.org"}`, `{"user_email": ["a"], "user_id": 1}`} {
		if err := h.ValidatePayload([]byte(bad)); job.CodeOf(err) != job.Invalid {
			t.Errorf("ValidatePayload(%s) = %v, want a refusal", bad, err)
		}
	}
	task, _ := handlertest.NewTask(`{"user_email": "ann@example.org", "user_id": 7}`)
	task.Platform = "tenant"
	if _, err := h.Run(t.Context(), task); err == nil || !strings.Contains(err.Error(), "not for this platform") {
		t.Errorf("Run for another platform = %v, want a refusal", err)
	}
}

func TestChannelsAreChecked(t *testing.T) {
	t.Parallel()
	good := notify.Channel{Name: "email", Type: notify.TypeEmail, Host: "h", From: "a@example.org"}
	for name, change := range map[string]func(c *notify.Channel){
		"type":     func(c *notify.Channel) { c.Type = "fax" },
		"host":     func(c *notify.Channel) { c.Host = "" },
		"from":     func(c *notify.Channel) { c.From = "a@example.org\r\nBcc: b@example.org" },
		"to":       func(c *notify.Channel) { c.To = []string{"x"} },
		"password": func(c *notify.Channel) { c.TLS, c.Username = notify.TLSNone, "u" },
		"ca_file":  func(c *notify.Channel) { c.CAFile = "/nowhere" },
	} {
		c := good
		change(&c)
		if _, err := notify.NewSender(notify.Options{Channels: []notify.Channel{c}}); job.CodeOf(err) != job.Invalid {
			t.Errorf("%s: NewSender = %v, want a refusal", name, err)
		}
	}
	if _, err := notify.NewSender(notify.Options{Channels: []notify.Channel{good, good}}); job.CodeOf(err) != job.Invalid {
		t.Errorf("two channels of one name = %v, want a refusal", err)
	}
}
