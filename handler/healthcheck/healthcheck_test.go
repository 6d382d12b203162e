package healthcheck_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"testing"

	"go.uber.org/goleak"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/handlertest"
	"github.com/agentic-sdlc/scheduler/handler/healthcheck"
	"github.com/agentic-sdlc/scheduler/handler/httpcall"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site answers 200 "ready" at /, 503 at /down, and nothing at /slow.
func site(t *testing.T) (address string, h *healthcheck.Handler) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/down":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/slow":
			<-r.Context().Done()
		default:
			_, _ = w.Write([]byte("we are ready"))
		}
	}))
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, _ := strconv.ParseUint(u.Port(), 10, 16)
	guard, err := httpcall.NewGuard(httpcall.GuardOptions{Private: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Ports: []uint16{uint16(port)}})
	if err != nil {
		t.Fatal(err)
	}
	h, err = healthcheck.New(healthcheck.Options{Guard: guard, Names: []string{"database", "queue"}, Components: func(context.Context) ([]healthcheck.Component, error) {
		return []healthcheck.Component{{Name: "database", Up: true}, {Name: "queue", Message: "gone"}}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return s.URL, h
}

func TestConformance(t *testing.T) {
	address, h := site(t)
	handlertest.Run(t, handlertest.Suite{
		New:   func(*testing.T) handler.Handler { return h },
		Quick: `{"components": ["database"], "urls": ["` + address + `/"]}`,
		Slow:  `{"urls": ["` + address + `/slow"], "timeout_ms": 60000}`,
		Fails: `{"urls": ["` + address + `/down"]}`,
		Invalid: []string{
			`{"url": "x"}`, `{"urls": []}`, `{"urls": "x"}`, `{"urls": ["http://10.0.0.1/"]}`, `{"urls": [{"url": "` + address + `", "expect": 1}]}`,
			`{"components": ["moon"]}`, `{"timeout_ms": 0}`, `{"urls": ["ftp://example.org/"]}`, `[]`,
		},
	})
}

func TestChecks(t *testing.T) {
	t.Parallel()
	address, h := site(t)
	for _, tt := range []struct {
		payload string
		want    []string // status of each check
	}{
		{`{"urls": ["` + address + `/?key=s3cret"]}`, []string{"up"}},
		{`{"urls": [{"url": "` + address + `/down", "expect_status": 503}]}`, []string{"up"}},
		{`{"urls": [{"url": "` + address + `/", "contains": "ready"}, {"url": "` + address + `/", "contains": "steady"}]}`, []string{"up", "down"}},
		{`{"urls": ["` + address + `/slow", "` + address + `/"], "timeout_ms": 50}`, []string{"down", "up"}},
		{`{}`, []string{"up", "down"}},
	} {
		task, _ := handlertest.NewTask(tt.payload)
		result, err := h.Run(t.Context(), task)
		var r struct {
			Success bool
			Checks  []struct{ Target, Status, Message string }
		}
		if err := json.Unmarshal(result.Value, &r); err != nil || len(r.Checks) != len(tt.want) {
			t.Fatalf("%s: result %s, %v", tt.payload, result.Value, err)
		}
		all := true
		for i, want := range tt.want {
			all = all && want == "up"
			if r.Checks[i].Status != want {
				t.Errorf("%s: check %d is %+v, want %s", tt.payload, i, r.Checks[i], want)
			}
		}
		f, _ := errors.AsType[*handler.Failure](err)
		if r.Success != all || (err == nil) != all || f != nil && f.Class != "unhealthy" {
			t.Errorf("%s: success %v, %v; want %v", tt.payload, r.Success, err, all)
		}
	}
}
