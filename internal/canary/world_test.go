package canary

import (
	"compress/gzip"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
)

// world is what schedd calls: a server with a path for each way to answer, another one that
// it is led to, and a mail server. What comes is searched, at "received: PATH".
type world struct {
	s       *site
	calls   *httptest.Server
	away    *httptest.Server
	mail    *testbed.MailServer
	ca      string
	pings   atomic.Int64
	letters *canary // the password of the mail server
}

func newWorld(s *site) *world {
	w := &world{s: s, letters: s.mintOdd("password of a mail channel")}
	w.calls = httptest.NewServer(http.HandlerFunc(w.answer))
	w.away = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.take("received elsewhere: "+r.URL.Path, r)
	}))
	s.Cleanup(w.calls.Close)
	s.Cleanup(w.away.Close)
	authority := testbed.NewAuthority(s.T)
	w.ca = authority.CA
	pair, err := tls.LoadX509KeyPair(authority.Issue(s.T, "mail"))
	if err != nil {
		s.Fatal(err)
	}
	w.mail = testbed.SMTP(s.T, testbed.MailOptions{TLS: &tls.Config{Certificates: []tls.Certificate{pair}}, Implicit: true, User: "schedd", Password: w.letters.value})
	return w
}

// take searches a request, but for its path: whoever knows that may call.
func (w *world) take(place string, r *http.Request) {
	if r.Header.Get("Content-Encoding") == "gzip" { // spans
		if unpacked, err := gzip.NewReader(r.Body); err == nil {
			r.Body = io.NopCloser(unpacked)
		}
	}
	text, _ := httputil.DumpRequest(r, true)
	w.s.search(place, text)
}

// answer answers as its path says.
func (w *world) answer(out http.ResponseWriter, r *http.Request) {
	echo := r.Header.Get("Authorization") + " " + r.Header.Get("X-Api-Key") + " " + r.URL.RawQuery
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	w.take("received: /"+first, r)
	switch first {
	case "echo": // it tells everybody what it was told
		_, _ = io.WriteString(out, echo)
	case "kb", "fail":
		http.Error(out, "no: "+echo, http.StatusInternalServerError)
	case "redirect":
		http.Redirect(out, r, w.away.URL+"/landed", http.StatusFound)
	case "hang":
		<-r.Context().Done()
	case "ping":
		if w.pings.Add(1)%2 == 0 {
			http.Error(out, "no: "+r.URL.Path, http.StatusInternalServerError)
		}
	case "agent":
		out.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(out, `{"done": true}`)
	}
}

// port is where a server listens.
func port(server *httptest.Server) string {
	u, _ := url.Parse(server.URL)
	return u.Port()
}
