package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
)

// Defaults of Options.
const (
	DefaultMaxBody       = 1 << 20 // bytes
	DefaultMaxStreams    = 64
	DefaultMaxStreamsOne = 32
	DefaultPoll          = 100 * time.Millisecond
)

// Options are what the API needs. Service and Principal are required.
type Options struct {
	Service *control.Service
	// Principal says who sends a request. An error without a code is unauthenticated.
	// Nil refuses everybody.
	Principal func(r *http.Request) (control.Principal, error)
	// Still returns an error when somebody whom Principal let in would not be let in any
	// more; streams ask every half second. Nil = that does not happen.
	Still   func(ctx context.Context, p control.Principal) error
	Now     func() time.Time // the store's clock; nil = time.Now
	Logger  *slog.Logger     // nil = silent
	Version string           // goes into answers to callers who were let in, as X-Schedd-Version; "" = not

	// Exposition answers what Prometheus asks; nil = nothing is exposed.
	Exposition http.Handler
	// Trace begins the span of a request below the caller's, if there is one; nil = nobody
	// traces. It ends with the execution that the request repeats, nil = none.
	Trace func(callerTrace, callerSpan string) (trace, span string, end func(method, route string, status int, repeats *job.Execution))
	// Host says whether requests may be for the host that they name; nil = any, as on a
	// Unix socket.
	Host          func(r *http.Request) bool
	MaxBody       int64         // bytes of a request body; 0 = DefaultMaxBody
	MaxStreams    int           // logs followed at once; 0 = DefaultMaxStreams
	MaxStreamsOne int           // of these by callers of one platform; 0 = DefaultMaxStreamsOne
	Poll          time.Duration // how often a followed log is looked at; 0 = DefaultPoll
}

// server is the handler that New returns.
type server struct {
	o       Options
	service *control.Service
	log     *slog.Logger
	mux     *http.ServeMux
	ids     requestIDs
	streams streams
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
	if o.MaxStreamsOne == 0 {
		o.MaxStreamsOne = DefaultMaxStreamsOne
	}
	if o.Poll == 0 {
		o.Poll = DefaultPoll
	}
	s := &server{o: o, service: o.Service, log: o.Logger, mux: http.NewServeMux()}
	s.streams = streams{most: o.MaxStreams, mostOf: o.MaxStreamsOne, of: map[string]int{}}
	s.ids.init()
	for _, rt := range s.routes() {
		s.mux.Handle(rt.method+" "+rt.pattern, s.serve(rt))
	}
	s.mux.Handle("/", s.serve(s.nothing()))
	return s
}

// nothing is the route of what no route matches. Who may not read is not told that
// either.
func (s *server) nothing() route {
	return route{pattern: "/", role: control.RoleViewer, do: s.noRoute}
}

// ServeHTTP refuses paths that the mux would redirect, and hands on the others.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !cleanPath(r.URL.EscapedPath()) {
		s.serve(s.nothing()).ServeHTTP(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}
