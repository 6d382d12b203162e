package daemon

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/daemon/listen"
)

// TestProfiles: there are some for whoever is admin on the socket, and nobody else sees
// that there are any.
func TestProfiles(t *testing.T) {
	t.Parallel()
	n := &node{clock: &Clock{}}
	h := n.withProfiles(http.NotFoundHandler())
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, debugPath+"goroutine?debug=2", http.NoBody))
	if answer.Code != http.StatusNotFound || strings.Contains(answer.Body.String(), "goroutine ") {
		t.Errorf("to a stranger: %d %s", answer.Code, answer.Body)
	}

	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(h)
	server.Listener = l
	server.Config.ConnContext = listen.NewPeers(listen.PeerOptions{Now: n.clock.Now}).ConnContext
	server.Start()
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	for path, want := range map[string]string{"": "goroutine", "goroutine?debug=2": "goroutine ", "heap?debug=1": "heap profile: ", "nothing": "Unknown profile"} {
		got, err := client.Get("http://localhost" + debugPath + path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(got.Body)
		got.Body.Close()
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %d %.200s, %v; want %q in it", path, got.StatusCode, text, err, want)
		}
	}
	got, err := client.Get("http://localhost/other")
	if err != nil {
		t.Fatal(err)
	}
	got.Body.Close()
	if got.StatusCode != http.StatusNotFound {
		t.Errorf("beside it: %d", got.StatusCode)
	}
}
