package command

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/migrations"
)

// unpacked reads the files of a bundle.
func unpacked(t *testing.T, path string) map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	zipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for r := tar.NewReader(zipped); ; {
		head, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimPrefix(head.Name, "schedd-support/")] = string(text)
	}
}

// TestSupportDump: what there is, without a secret; what cannot be had is named.
func TestSupportDump(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metrics" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, r.URL.RequestURI())
	}))
	server.Listener = listener
	server.Start()
	defer server.Close()
	tools := Tools{Store: StoreTools{Schema: func(context.Context, config.Config) ([]migrations.Step, int64, error) {
		return migrations.SQLiteSteps(), 3, nil
	}}}
	dump := func(text string, more ...string) (*world, string, int) {
		path := filepath.Join(t.TempDir(), "b.tar.gz")
		w := newWorld(append([]string{"support-dump", "-c", write(t, text), "--socket", socket, "--out", path}, more...)...)
		return w, path, Main(t.Context(), w.Env, tools)
	}

	w, path, status := dump("store: {driver: postgres, postgres: {dsn: \"postgres://u:hunter2@db/x\"}}\n")
	if status != 0 || w.out.String() != path+"\n" || !strings.Contains(w.err.String(), "without metrics.txt: /metrics answers 503") {
		t.Fatalf("status %d, out %q, err %q", status, w.out, w.err)
	}
	files := unpacked(t, path)
	for name, want := range map[string]string{
		"versions.txt": "schedd ", "schedd.yaml": "postgres://u:", "schema.txt": "VERSION", "health.json": "/api/v1/scheduler/health",
		"goroutines.txt": "/debug/pprof/goroutine?debug=2", "problems.txt": "metrics.txt: /metrics answers 503",
	} {
		if !strings.Contains(files[name], want) {
			t.Errorf("%s: %q, want %q in it", name, files[name], want)
		}
	}
	for name, text := range files {
		if strings.Contains(text, "hunter2") {
			t.Errorf("%s tells a password", name)
		}
	}

	if w, path, status = dump("timezone: Mars\n"); status != 0 {
		t.Fatalf("with a bad configuration: status %d, err %q", status, w.err)
	}
	if files := unpacked(t, path); !strings.Contains(files["problems.txt"], "Mars") || files["health.json"] != "" {
		t.Errorf("with a bad configuration: %q", files)
	}
	if w, _, status = dump("timezone: UTC\n", "--out", path); status != 1 || !strings.Contains(w.err.String(), "exists") {
		t.Errorf("over a file: status %d, err %q", status, w.err)
	}
}
