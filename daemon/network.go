package daemon

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/daemon/httpapi"
	"github.com/agentic-sdlc/scheduler/daemon/listen"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Bounds of requests. Package httpapi bounds the reading of bodies and the writing of
// answers.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 35 * time.Second // headers and body
	answerTimeout     = 10 * time.Minute // until an answer begins; nobody waits longer
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 16<<10 - 4<<10 // 16 KiB: net/http reads 4 KiB more than it is told
)

// newServer is an HTTP server as every listener has it: HTTP/1.1 only.
func newServer(handler http.Handler, log *slog.Logger) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: answerTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes, Protocols: protocols, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// listenNetwork listens on the network, if that is wanted: never without a token that
// could open something, and never in clear where others could listen.
func (n *node) listenNetwork(ctx context.Context) error {
	c := n.cfg.Listen
	switch {
	case c.HTTP == "":
		return nil
	case !n.engine.does(config.RoleAPI):
		n.log.WarnContext(ctx, "listen.http is not served: this node has not the role api")
		return nil
	}
	if err := n.wantToken(ctx); err != nil {
		return err
	}
	var err error
	if c.TLSCertFile != "" {
		if n.tls, err = listen.LoadCertificate(c.TLSCertFile, c.TLSKeyFile, now()); err != nil {
			return &exitError{status: exitConfig, err: err}
		}
	}
	if n.network, err = listen.TCP(listen.TCPOptions{Address: c.HTTP, Certificate: n.tls}); err != nil {
		return runningError(err)
	}
	n.onClose(func() error { return closeQuietly(n.network) })
	return nil
}

// wantToken refuses to go on when there is no token: there is no way to serve the
// network without.
func (n *node) wantToken(ctx context.Context) error {
	list, err := n.store.ListTokens(ctx, store.AnyPlatform)
	if err != nil {
		return storeError(err)
	}
	tokens, valid := 0, 0
	for i := range list {
		if list[i].RevokedAt == nil {
			tokens++
		}
		if list[i].Valid(n.clock.Now()) {
			valid++
		}
	}
	switch {
	case tokens == 0:
		return &exitError{status: exitConfig, err: errors.New("listen.http is set and there is no token: make the first with `schedd token bootstrap`")}
	case valid == 0:
		n.log.WarnContext(ctx, "every token has expired: nobody can use listen.http until one is made on the socket")
	}
	return nil
}

// remote serves callers over the network, by the tokens that they show.
func (n *node) remote(o httpapi.Options) *http.Server {
	o.Principal, o.Host = n.bearer, listen.Hosts{Names: n.cfg.Listen.Hosts, Certificate: n.tls}.Allow
	o.Still = func(ctx context.Context, p control.Principal) error { return n.gate.Still(ctx, p.Token) }
	server := newServer(n.metrics.HTTP(httpapi.New(o)), n.log)
	n.log.Info("listening on the network", slog.String("address", n.network.Addr().String()), slog.Bool("tls", n.tls != nil))
	return server
}

// bearer is who shows a token.
func (n *node) bearer(r *http.Request) (control.Principal, error) {
	source, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return control.Principal{}, job.Errorf(job.Unauthenticated, "who calls cannot be told")
	}
	t, err := n.gate.Enter(r.Context(), r.Header.Values("Authorization"), source)
	if err != nil {
		return control.Principal{}, err
	}
	return control.TokenPrincipal(&t), nil
}

// rebind makes the socket again if somebody removed or replaced it. Connections that are
// open go on.
func (n *node) rebind(ctx context.Context) {
	gone := n.socket.Check()
	if gone == nil {
		return
	}
	l, err := n.bind()
	if err != nil {
		n.log.ErrorContext(ctx, "socket cannot be made again", slog.Any("gone", gone), slog.Any("err", err))
		return
	}
	old := n.socket
	n.socket = l
	n.onClose(func() error { return closeQuietly(l) })
	go n.accept(n.local, l)
	if err := closeQuietly(old); err != nil {
		n.log.WarnContext(ctx, "old socket not closed", slog.Any("err", err))
	}
	n.log.InfoContext(ctx, "socket made again", slog.Any("gone", gone))
}

// renew reads the certificate again.
func (n *node) renew(ctx context.Context) {
	if n.tls == nil {
		return
	}
	if err := n.tls.Reload(now()); err != nil {
		n.log.ErrorContext(ctx, "certificate not reloaded, the old one holds", slog.Any("err", err))
		return
	}
	n.log.InfoContext(ctx, "certificate reloaded", slog.Time("expires", n.tls.Leaf().NotAfter))
}
