package healthcheck

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/httpcall"
	"github.com/agentic-sdlc/scheduler/job"
)

const (
	standardTimeout = 10 * time.Second
	maxRead         = 1 << 20 // bytes of an answer
	atOnce          = 8       // addresses that are asked
)

// check is what was found of one target.
type check struct {
	Target    string `json:"target"`
	Status    string `json:"status"` // up | down
	LatencyMS int64  `json:"latency_ms"`
	Message   string `json:"message,omitempty"`
}

// report is the result.
type report struct {
	Success   bool      `json:"success"`
	Timestamp time.Time `json:"timestamp"`
	Checks    []check   `json:"checks"`
}

// Run checks what the payload asks for.
func (h *Handler) Run(ctx context.Context, t *handler.Task) (handler.Result, error) {
	s, err := h.parse(t.Payload)
	if err != nil {
		return handler.Result{}, &handler.Failure{Class: "bad_payload", Message: err.Error(), Permanent: true, Err: err}
	}
	r := report{Success: true, Timestamp: time.Now().UTC(), Checks: h.urls(ctx, s)}
	if len(s.components) > 0 {
		r.Checks = append(r.Checks, h.components(ctx, s.components)...)
	}
	if ctx.Err() != nil {
		return handler.Result{}, &handler.Failure{Class: "cancelled", Message: "the check was stopped", Err: ctx.Err()}
	}
	var down []string
	for _, c := range r.Checks {
		level := job.LogInfo
		if c.Status != "up" {
			down, level = append(down, c.Target), job.LogWarn
		}
		t.Log.Line(level, job.StreamSystem, strings.TrimRight(fmt.Sprintf("%s: %s %s", c.Target, c.Status, c.Message), " "))
	}
	r.Success = len(down) == 0
	value, err := json.Marshal(r)
	if err != nil || r.Success {
		return handler.Result{Value: value}, err
	}
	message := fmt.Sprintf("%d of %d down: %s", len(down), len(r.Checks), strings.Join(down, ", "))
	return handler.Result{Value: value}, &handler.Failure{Class: "unhealthy", Message: message[:min(len(message), 1000)]}
}

// urls asks all addresses, some at once.
func (h *Handler) urls(ctx context.Context, s spec) []check {
	checks := make([]check, len(s.targets))
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i, t := range s.targets {
		slots <- struct{}{}
		wg.Go(func() {
			checks[i] = h.ask(ctx, t, s.timeout)
			<-slots
		})
	}
	wg.Wait()
	return checks
}

// ask asks one address.
func (h *Handler) ask(ctx context.Context, t target, timeout time.Duration) check {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	began := time.Now()
	why := h.fault(ctx, t)
	c := check{Target: withoutQuery(t.url), Status: "up", LatencyMS: time.Since(began).Milliseconds(), Message: why}
	if why != "" {
		c.Status = "down"
	}
	return c
}

// fault says what is wrong with what an address answers, "" if nothing is.
func (h *Handler) fault(ctx context.Context, t target) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url, nil)
	if err != nil {
		return "is no URL"
	}
	req.Header.Set("User-Agent", "schedd")
	resp, err := h.client.Do(req)
	if err != nil {
		return words(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxRead))
	good := resp.StatusCode >= 200 && resp.StatusCode <= 299
	if t.status != 0 {
		good = resp.StatusCode == t.status
	}
	switch {
	case !good:
		return fmt.Sprintf("answered %d", resp.StatusCode)
	case err != nil:
		return words(err)
	case !strings.Contains(string(body), t.contains):
		return "its answer does not contain what it should"
	}
	return ""
}

// words put an error of a call in words that name no address.
func words(err error) string {
	if f, ok := errors.AsType[*httpcall.ForbiddenError](err); ok {
		return f.Error()
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok && e.IsNotFound {
		return "no such host"
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return "no answer in time"
	}
	return "cannot be reached"
}

// components asks for parts of the scheduler.
func (h *Handler) components(ctx context.Context, names []string) []check {
	checks := make([]check, len(names))
	list, err := h.o.Components(ctx)
	for i, name := range names {
		checks[i] = check{Target: name, Status: "down", Message: "is not known"}
		if err != nil {
			checks[i].Message = "cannot be asked"
		}
		for _, c := range list {
			if c.Name == name {
				checks[i].Message = c.Message
				if c.Up {
					checks[i].Status = "up"
				}
			}
		}
	}
	return checks
}

// withoutQuery keeps keys in queries out of results.
func withoutQuery(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "?"
	}
	u.RawQuery, u.User = "", nil
	return u.String()
}
