package httpcall

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/handlertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// loopback lets calls reach the test's own servers.
func loopback(t *testing.T, ports ...uint16) *Guard {
	t.Helper()
	g, err := NewGuard(GuardOptions{Private: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Ports: ports})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// serve starts a server and returns a handler that reaches it, and its URL.
func serve(t *testing.T, f http.HandlerFunc) (*Handler, string) {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return handlerFor(t, portOfURL(t, s.URL)), s.URL
}

func handlerFor(t *testing.T, ports ...uint16) *Handler {
	t.Helper()
	h, err := New(Options{Guard: loopback(t, ports...), Timeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func portOfURL(t *testing.T, url string) uint16 {
	t.Helper()
	_, text, err := net.SplitHostPort(url[len("http://"):])
	if err != nil {
		_, text, err = net.SplitHostPort(url[len("https://"):])
	}
	port, convErr := strconv.ParseUint(text, 10, 16)
	if err != nil || convErr != nil {
		t.Fatal(err, convErr)
	}
	return uint16(port)
}

// raw starts a server that answers each connection with f.
func raw(t *testing.T, f func(net.Conn)) (*Handler, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				f(conn)
			}()
		}
	}()
	url := "http://" + l.Addr().String()
	return handlerFor(t, portOfURL(t, url)), url
}

type outcome struct {
	handler.Result
	err     error
	failure handler.Failure
	log     *handlertest.Recorder
}

func run(ctx context.Context, t *testing.T, h handler.Handler, payload string) outcome {
	t.Helper()
	task, log := handlertest.NewTask(payload)
	result, err := h.Run(ctx, task)
	log.Check(t)
	o := outcome{Result: result, err: err, log: log}
	if f, ok := errors.AsType[*handler.Failure](err); ok {
		o.failure = *f
	}
	return o
}
