package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/daemon/metrics"
	"github.com/agentic-sdlc/scheduler/daemon/tracing"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// tracedPart is the part of the traces that is sent, as where much runs.
const tracedPart = 0.01

// observed is who looks at a schedd: its metrics are read each second over HTTP, and its
// spans are sent to a receiver over HTTP. Nil is nobody.
type observed struct {
	metrics *metrics.Metrics
	tracer  *tracing.Tracer

	stop    context.CancelFunc
	scraper sync.WaitGroup
	servers []*http.Server
	scrapes int
	failed  error
}

// observe measures what it costs to be looked at: the same work with everything that tells
// about it, and with nothing.
func observe(ctx context.Context, dir string, s size) ([]Figure, error) {
	runs := min(s.Runs, 50_000) // a few seconds: many rounds say more than long ones
	work := []struct {
		what string
		goal *Goal
		do   func(ctx context.Context, dir string, on bool) (speed, error)
	}{
		{"due → settled", atLeast(0.95), func(ctx context.Context, dir string, on bool) (speed, error) {
			return underObservation(ctx, dir, on, func(b *bed) (speed, error) { return fire(ctx, b, nil, runs, alreadyReady) })
		}},
		{"a backlog drained", atLeast(0.95), func(ctx context.Context, dir string, on bool) (speed, error) {
			return underObservation(ctx, dir, on, func(b *bed) (speed, error) { return drain(ctx, b, nil, runs, alreadyReady) })
		}},
		{"jobs created, one by one", nil, func(ctx context.Context, dir string, on bool) (speed, error) {
			return underObservation(ctx, dir, on, func(b *bed) (speed, error) { return created(ctx, b, s.Runs/8, on) })
		}},
	}
	var figures []Figure
	for _, w := range work {
		var with, without series
		turnOf := func(to *series, on bool) turn {
			return turn{to, func() (speed, error) {
				return inFolder(dir, func(dir string) (speed, error) { return w.do(ctx, dir, on) })
			}}
		}
		if err := inTurn(3*s.Rounds, turnOf(&with, true), turnOf(&without, false)); err != nil {
			return figures, err
		}
		rate := against(w.what+", scraped each second, 1 % traced, audited", "/s", with.rate, "unobserved", without.rate, w.goal)
		took := against("  CPU time of each", "µs", with.cpu, "unobserved", without.cpu, nil)
		if w.goal != nil { // in a crowd rounds differ by more than the bar: a cost shows in the best ones, and in the processor time
			rate.Ratios = []float64{max(slices.Max(with.rate)/slices.Max(without.rate), 1/took.judged())}
		}
		figures = append(figures, rate, took)
	}
	return figures, nil
}

// underObservation opens a bed, with somebody who looks at it or with nobody.
func underObservation(ctx context.Context, dir string, on bool, work func(b *bed) (speed, error)) (v speed, err error) {
	b, err := openAlone(ctx, dir)
	if err != nil || !on {
		if err == nil {
			v, err = work(b)
		}
		return v, err
	}
	o, err := lookAt(ctx, b)
	if err != nil {
		return v, errors.Join(err, b.close())
	}
	v, err = work(b)
	return v, errors.Join(err, o.end(ctx))
}

// lookAt begins to look at a bed.
func lookAt(ctx context.Context, b *bed) (*observed, error) {
	o := &observed{}
	receiver, err := o.serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	if err != nil {
		return nil, err
	}
	if o.tracer, err = tracing.New(ctx, tracing.Options{Endpoint: receiver, Ratio: tracedPart, Node: "bench", Version: "bench", Logger: slog.New(slog.DiscardHandler)}); err != nil {
		return nil, err
	}
	service := control.New(control.Options{Store: b.store, Health: control.HealthOptions{Clock: wall}})
	o.metrics = metrics.New(metrics.Options{
		Version: "bench", Commit: "bench", Go: "go", Now: wall,
		Totals:  func(ctx context.Context) (store.Totals, error) { return service.AllTotals(ctx, wall()) },
		Workers: func(ctx context.Context) (map[string]int, error) { return service.WorkerStates(ctx, wall()) },
		Alerts: func(ctx context.Context) ([]store.AlertCount, error) {
			return b.store.AlertCounts(ctx, store.AnyPlatform)
		},
		Slots: func() (busy, free int) { return 0, slots },
	})
	exposed, err := o.serve(o.metrics.Handler())
	if err != nil {
		return nil, err
	}
	b.store.Store, b.observed = o.metrics.Watch(b.store.Store), o
	ctx, o.stop = context.WithCancel(ctx)
	o.scraper.Go(func() { o.scrape(ctx, exposed+api.RouteExposition) })
	return o, nil
}

// serve listens on loopback, and returns the URL.
func (o *observed) serve(h http.Handler) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	o.servers = append(o.servers, s)
	go func() { _ = s.Serve(l) }()
	return "http://" + l.Addr().String(), nil
}

// scrape reads the metrics each second.
func (o *observed) scrape(ctx context.Context, url string) {
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for ; o.failed == nil; o.scrapes++ {
		if o.failed = read(ctx, url); o.failed != nil {
			break
		}
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
	if ctx.Err() != nil {
		o.failed = nil
	}
}

func read(ctx context.Context, url string) error {
	rq, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(rq)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	n, err := io.Copy(io.Discard, answer.Body)
	if err == nil && (answer.StatusCode != http.StatusOK || n == 0) {
		err = fmt.Errorf("a scrape was answered with %s and %d bytes", answer.Status, n)
	}
	return err
}

// end looks no more.
func (o *observed) end(ctx context.Context) error {
	o.stop()
	o.scraper.Wait()
	errs := []error{o.failed, o.tracer.Close(ctx)}
	for _, s := range o.servers {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// created measures jobs created a second by 64 writers, each with an entry of the audit
// log or without. It closes the bed.
func created(ctx context.Context, b *bed, n int, audited bool) (v speed, err error) {
	defer b.close()
	at := wall()
	build := func(i int) job.Job { return definition(fmt.Sprintf("job%d", i), "0 0 1 1 *", at, nil) }
	var jobs store.Jobs = b.store
	if audited {
		jobs = recorder{jobs}
	}
	m := measureSpeed(nil)
	err = create(ctx, jobs, n, build)
	return m.end(n), err
}

// recorder leaves an entry in the audit log for each job that it creates, as the API does.
type recorder struct{ store.Jobs }

func (r recorder) CreateJob(ctx context.Context, c store.CreateJob) (job.Job, bool, error) {
	trail := store.Trail{At: c.Now, Action: "job.created", By: "bench", Via: "socket", RequestID: "bench"}
	return r.Jobs.CreateJob(store.WithTrail(ctx, &trail), c)
}
