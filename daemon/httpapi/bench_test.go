package httpapi

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/agentic-sdlc/scheduler/job"
)

// BenchmarkAPI measures whole requests without the network: reads, and a write that
// waits for its commit.
func BenchmarkAPI(b *testing.B) {
	api := newBench(b)
	j := api.cron("nightly", "")
	e := read[job.Execution](api.do("POST", base+"/jobs/nightly/run", "").want(201))
	for range 49 {
		api.do("POST", base+"/jobs/nightly/run", "")
	}
	for _, path := range []string{"/jobs/" + j.ID.String(), "/jobs/nightly", "/executions/" + e.ID.String(), "/jobs", "/executions?limit=50", "/health"} {
		b.Run(path[1:5], func(b *testing.B) {
			for b.Loop() {
				w := httptest.NewRecorder()
				api.server.ServeHTTP(w, httptest.NewRequest(http.MethodGet, base+path, nil)) //nolint:noctx // a benchmark has no deadline
				if w.Code != http.StatusOK {
					b.Fatalf("%d %s", w.Code, w.Body)
				}
			}
		})
	}
}
