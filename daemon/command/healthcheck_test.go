package command

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
)

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var status atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/readyz" {
			t.Errorf("asked %s %s", r.Method, r.URL)
		}
		w.WriteHeader(int(status.Load()))
		fmt.Fprint(w, `{"error":"schedd is shutting down","code":"unavailable"}`)
	}))
	server.Listener = listener
	server.Start()
	defer server.Close()
	for _, tt := range []struct {
		answer   int64
		args     []string
		want     int
		out, err string
	}{
		{200, nil, 0, "ready\n", ""},
		{200, []string{"-q"}, 0, "", ""},
		{503, nil, 1, "", "schedd: schedd is not ready: 503 Service Unavailable schedd is shutting down\n"},
		{503, []string{"--quiet"}, 1, "", ""},
	} {
		status.Store(tt.answer)
		w := newWorld(append([]string{"healthcheck", "-c", write(t, "timezone: UTC\n"), "--socket", socket}, tt.args...)...)
		if got := Main(t.Context(), w.Env, Tools{}); got != tt.want || w.out.String() != tt.out || w.err.String() != tt.err {
			t.Errorf("%d %v: status %d, out %q, err %q; want %d, %q, %q", tt.answer, tt.args, got, w.out, w.err, tt.want, tt.out, tt.err)
		}
	}
}
