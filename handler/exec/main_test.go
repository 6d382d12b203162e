//go:build linux

package exec_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/exec"
	"github.com/agentic-sdlc/scheduler/handler/handlertest"
	"github.com/agentic-sdlc/scheduler/internal/supervise"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == supervise.Verb {
		os.Exit(supervise.Main(os.Args[2:]))
	}
	goleak.VerifyTestMain(closing{m})
}

// closing closes the shared supervisor after the tests.
type closing struct{ m *testing.M }

func (c closing) Run() int {
	code := c.m.Run()
	if client, err := shared(); err == nil {
		client.Close()
	}
	return code
}

// shared is the supervisor of all tests that do not kill theirs.
var shared = sync.OnceValues(start)

func start() (*supervise.Client, error) {
	cookie := "test-" + strconv.FormatUint(rand.Uint64(), 36)
	return supervise.Start(context.Background(), supervise.Options{Cookie: cookie})
}

func options(t *testing.T) exec.Options {
	t.Helper()
	c, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return exec.Options{Runner: c, Environ: []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "SECRET=x", "HOME=/root"}}
}

func newHandler(t *testing.T) *exec.Handler {
	t.Helper()
	h, err := exec.New(options(t))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// outcome is what became of a payload.
type outcome struct {
	handler.Result
	err     error
	failure *handler.Failure // err, if it is one
	log     *handlertest.Recorder
}

func runPayload(ctx context.Context, t *testing.T, h handler.Handler, payload string) outcome {
	t.Helper()
	task, log := handlertest.NewTask(payload)
	result, err := h.Run(ctx, task)
	log.Check(t)
	failure, _ := errors.AsType[*handler.Failure](err)
	return outcome{result, err, failure, log}
}

func (o outcome) class() string {
	if o.failure == nil {
		return ""
	}
	return o.failure.Class
}

func (o outcome) code() int {
	if o.ExitCode == nil {
		return -1
	}
	return *o.ExitCode
}
