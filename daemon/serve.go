package daemon

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/daemon/httpapi"
	"github.com/agentic-sdlc/scheduler/daemon/listen"
	"github.com/agentic-sdlc/scheduler/job"
)

// Time limits of requests; answers that stream have none of their own.
const (
	readHeaderTimeout = 5 * time.Second
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 16 << 10
)

func (n *node) listen(context.Context) error {
	mode, err := strconv.ParseUint(n.cfg.Listen.SocketMode, 8, 32)
	if err != nil {
		return &exitError{status: exitConfig, err: err}
	}
	n.socket, err = listen.Unix(listen.Options{Path: n.cfg.Listen.Socket, Mode: fs.FileMode(mode), Group: n.cfg.Listen.SocketGroup, Logger: n.log})
	if errors.Is(err, listen.ErrRunning) {
		return &exitError{status: exitRunning, err: err}
	}
	if err != nil {
		return err
	}
	n.onClose(func() error {
		if err := n.socket.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	return nil
}

// serve answers requests and runs jobs until ctx ends. Requests are refused first,
// then the engine drains.
func (n *node) serve(ctx context.Context) error {
	peers := listen.NewPeers(listen.PeerOptions{OperatorGroup: n.cfg.Listen.OperatorGroup, Now: n.clock.Now, Logger: n.log})
	server := &http.Server{
		Handler: httpapi.New(httpapi.Options{
			Service: n.control, Principal: n.principal, Logger: n.log, Now: n.clock.Now, Version: n.o.Build.Version, MaxBody: int64(n.cfg.Listen.MaxBodyBytes),
		}),
		ConnContext: peers.ConnContext, ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(n.log.Handler(), slog.LevelDebug),
	}
	engine := start(context.WithoutCancel(ctx), n.engine.Run)
	reloading := start(ctx, n.reload)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(n.socket) }()
	if n.o.Ready != nil {
		n.o.Ready("unix://" + n.cfg.Listen.Socket)
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	n.draining.set()
	stopped := make(chan error, 1)
	go func() { stopped <- engine.stop() }()
	err = errors.Join(err, n.shutdown(ctx, server), <-stopped, reloading.stop())
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// shutdown lets open requests end, and cuts what is still open after the grace:
// followers of logs, usually.
func (n *node) shutdown(ctx context.Context, server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), n.cfg.Listen.ShutdownGrace)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return server.Close()
	}
	return nil
}

// reload applies configurations as they come.
func (n *node) reload(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case cfg := <-n.o.Reloads:
			n.engine.Apply(settingsOf(&cfg))
			n.control.Apply(defaultsOf(&cfg), policyOf(&cfg))
			n.log.InfoContext(ctx, "settings applied")
			n.applyJobsDir(ctx, &cfg)
		}
	}
}

// principal is who is at the other end of the socket. The socket is there whatever the
// roles, for whoever looks after this node; without the role api it is for admins only.
func (n *node) principal(ctx context.Context) (control.Principal, error) {
	peer, ok := listen.PeerFrom(ctx)
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
	return control.Principal{Name: peer.Name, Role: control.Role(peer.Role), Platform: control.AnyPlatform}, nil
}
