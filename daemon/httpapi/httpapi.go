package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/control"
)

// Defaults of Options.
const (
	DefaultMaxBody    = 1 << 20 // bytes
	DefaultMaxStreams = 64
	DefaultPoll       = 100 * time.Millisecond
)

// Options are what the API needs. Service and Principal are required.
type Options struct {
	Service *control.Service
	// Principal says who the caller on the connection of ctx is. An error without a
	// code is unauthenticated. Nil refuses everybody.
	Principal func(ctx context.Context) (control.Principal, error)
	Now       func() time.Time // the store's clock; nil = time.Now
	Logger    *slog.Logger     // nil = silent
	Version   string           // goes into every answer's X-Schedd-Version; "" = not

	// Hosts are the names that requests may be for; nil = any, as on a Unix socket.
	Hosts      []string
	MaxBody    int64         // bytes of a request body; 0 = DefaultMaxBody
	MaxStreams int           // logs followed at once; 0 = DefaultMaxStreams
	Poll       time.Duration // how often a followed log is looked at; 0 = DefaultPoll
}

// server is the handler that New returns.
type server struct {
	o       Options
	service *control.Service
	log     *slog.Logger
	mux     *http.ServeMux
	ids     requestIDs
	streams chan struct{} // one token per log that is followed
}

// New returns the API as a handler that is safe for concurrent use.
func New(o Options) http.Handler {
	if o.Now == nil {
		o.Now = systemTime
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.MaxBody == 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.MaxStreams == 0 {
		o.MaxStreams = DefaultMaxStreams
	}
	if o.Poll == 0 {
		o.Poll = DefaultPoll
	}
	s := &server{o: o, service: o.Service, log: o.Logger, mux: http.NewServeMux(), streams: make(chan struct{}, o.MaxStreams)}
	s.ids.init()
	for _, rt := range s.routes() {
		s.mux.Handle(rt.method+" "+rt.pattern, s.serve(rt))
	}
	s.mux.Handle("/", s.serve(route{pattern: "/", open: true, do: s.noRoute}))
	return s
}

// ServeHTTP refuses paths that the mux would redirect, and hands on the others.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !cleanPath(r.URL.EscapedPath()) {
		s.serve(route{pattern: "/", open: true, do: s.noRoute}).ServeHTTP(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}
