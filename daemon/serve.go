package daemon

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strconv"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/daemon/httpapi"
	"github.com/agentic-sdlc/scheduler/daemon/listen"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

func (n *node) listen(ctx context.Context) error {
	if err := n.listenNetwork(ctx); err != nil {
		return err
	}
	if err := n.listenMetrics(ctx); err != nil {
		return err
	}
	var err error
	if n.socket, err = n.bind(); err != nil {
		return err
	}
	n.onClose(func() error { return closeQuietly(n.socket) })
	return nil
}

// bind makes the socket.
func (n *node) bind() (*listen.Listener, error) {
	c := n.cfg.Listen
	l, err := listen.Unix(listen.Options{Path: c.Socket, Mode: c.Mode(), Group: c.SocketGroup, Logger: n.log})
	return l, runningError(err)
}

// runningError gives the error of a listener its exit status.
func runningError(err error) error {
	if errors.Is(err, listen.ErrRunning) {
		return &exitError{status: exitRunning, err: err}
	}
	return err
}

func closeQuietly(l net.Listener) error {
	if err := l.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// serve answers requests and runs jobs until ctx ends. Requests are refused first,
// then the engine drains.
func (n *node) serve(ctx context.Context) error {
	peers := listen.NewPeers(listen.PeerOptions{OperatorGroup: n.cfg.Listen.OperatorGroup, Now: n.clock.Now, Logger: n.log})
	o := httpapi.Options{
		Service: n.control, Principal: n.principal, Logger: n.log, Now: n.clock.Now, Version: n.o.Build.Version, MaxBody: int64(n.cfg.Listen.MaxBodyBytes),
		Exposition: n.metrics.Handler(),
	}
	if n.tracer != nil {
		o.Trace = n.tracer.Request
	}
	n.local = newServer(n.withProfiles(n.metrics.HTTP(httpapi.New(o))), n.log)
	n.local.ConnContext = peers.ConnContext
	servers := []*http.Server{n.local}
	engine := start(context.WithoutCancel(ctx), n.engine.Run)
	background := []func(context.Context) error{n.reload, n.hearAgents, n.hearEvents}
	n.failed = make(chan error, 3)
	go n.accept(n.local, n.socket)
	if n.pinger != nil {
		background = append(background, n.pinger.Run)
	}
	if n.network != nil {
		remote := n.remote(o)
		servers, background = append(servers, remote), append(background, n.gate.Run)
		go n.accept(remote, n.network)
	}
	if n.exposed != nil {
		exposition := n.exposition()
		servers = append(servers, exposition)
		go n.accept(exposition, n.exposed)
	}
	beside := start(ctx, background...)
	if n.o.Watch != nil {
		n.o.Watch(n.engine.Rounds)
	}
	if n.o.Ready != nil {
		n.o.Ready("unix://" + n.cfg.Listen.Socket)
	}
	reports := start(context.WithoutCancel(ctx), n.report)
	var err error
	select {
	case <-ctx.Done():
	case err = <-n.failed:
	}
	n.draining.set()
	stopped := make(chan error, 1)
	go func() { stopped <- engine.stop() }()
	return errors.Join(err, n.shutdown(ctx, servers), <-stopped, beside.stop(), reports.stop())
}

// accept serves a listener until its server is shut down, or the listener is replaced.
func (n *node) accept(server *http.Server, l net.Listener) {
	err := server.Serve(l)
	if !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		n.failed <- err
	}
}

// shutdown lets open requests end, and cuts what is still open after the grace:
// followers of logs, usually.
func (n *node) shutdown(ctx context.Context, servers []*http.Server) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), n.cfg.Listen.ShutdownGrace)
	defer cancel()
	stopped := make(chan error)
	for _, server := range servers {
		go func() {
			if err := server.Shutdown(ctx); err != nil {
				stopped <- server.Close()
				return
			}
			stopped <- nil
		}()
	}
	var errs []error
	for range servers {
		errs = append(errs, <-stopped)
	}
	return errors.Join(errs...)
}

// reload applies configurations as they come.
func (n *node) reload(ctx context.Context) error {
	held := n.cfg
	for {
		select {
		case <-ctx.Done():
			return nil
		case cfg := <-n.o.Reloads:
			n.engine.Apply(settingsOf(&cfg))
			n.control.Apply(defaultsOf(&cfg), policyOf(&cfg))
			if n.tracer != nil {
				n.tracer.Sample(cfg.Tracing.SampleRatio)
			}
			n.gate.Apply(cfg.Listen.RequestRate, cfg.Listen.RequestBurst)
			n.rebind(ctx)
			n.renew(ctx)
			n.log.InfoContext(ctx, "settings applied")
			n.reloaded(ctx, held, cfg)
			held = cfg
			n.applyJobsDir(ctx, &cfg)
		}
	}
}

// reloaded records what a reload changed. It holds whether that can be written or not.
func (n *node) reloaded(ctx context.Context, old, next config.Config) {
	before, after := config.Changes(old, next)
	if len(after) == 0 {
		return
	}
	trail := &store.Trail{At: n.clock.Now().UTC(), Action: "config.reloaded", By: "schedd", Via: "SIGHUP"}
	if err := n.store.Record(store.WithTrail(ctx, trail), store.Note{Kind: "config", ID: n.cfg.NodeID, Name: n.cfg.NodeID, Before: before, After: after}); err != nil {
		n.log.ErrorContext(ctx, "reload not recorded", slog.Any("err", err))
	}
}

// principal is who is at the other end of the socket. The socket is there whatever the
// roles, for whoever looks after this node; without the role api it is for admins only.
func (n *node) principal(r *http.Request) (control.Principal, error) {
	peer, ok := listen.PeerFrom(r.Context())
	switch {
	case !ok:
		return control.Principal{}, job.Errorf(job.Unauthenticated, "who calls cannot be told")
	case peer.Role == listen.None:
		return control.Principal{}, job.Errorf(job.Forbidden, "%s may not use this schedd", peer.Name).
			WithHint("root, the daemon's user and members of its operator group may")
	case peer.Role != listen.Admin && !n.engine.does(config.RoleAPI):
		return control.Principal{}, job.Errorf(job.Forbidden, "this node has not the role api: its socket is for root and the daemon's user").
			WithHint("ask a node that has it")
	}
	return control.Principal{
		Name: peer.Name, Role: control.Role(peer.Role), Platform: control.AnyPlatform, Commands: peer.Role == listen.Admin,
		Via: "uid " + strconv.FormatUint(uint64(peer.UID), 10),
	}, nil
}
