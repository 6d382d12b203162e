package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
)

// systemTime is the clock of a server that has no other.
func systemTime() time.Time { return time.Now() }

// request is a request on its way to its action.
type request struct {
	*http.Request

	w     http.ResponseWriter // for streams and for the body's limit
	route *route
	id    string
	call  control.Call
	query query
	raw   []byte // the body as it was sent

	trace, span string // of this request; "" = nobody traces
}

// serve is the one way from a request to an answer.
func (s *server) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		rq := &request{Request: r, w: w, route: &rt, id: s.ids.of(r)}
		r.Body = http.MaxBytesReader(w, r.Body, s.o.MaxBody)
		out := &writer{ResponseWriter: w}
		s.common(out, rq)
		defer s.follow(rq, out)()
		defer func() { s.finish(out, rq, began, recover()) }()
		answer, err := s.do(rq)
		if err == nil {
			err = s.respond(out, rq, answer)
		}
		if err != nil {
			s.refuse(out, rq, err)
		}
	})
}

// follow begins the span of a request that changes something or belongs to a trace, and
// returns what ends it.
func (s *server) follow(rq *request, w *writer) (end func()) {
	trace, span := job.ReadTraceParent(rq.Header.Get("Traceparent"))
	if s.o.Trace == nil || trace == "" && (rq.Method == http.MethodGet || rq.Method == http.MethodHead) {
		return func() {}
	}
	var done func(method, route string, status int, repeats *job.Execution)
	rq.trace, rq.span, done = s.o.Trace(trace, span)
	var repeats *job.Execution
	rq.call.Repeats = func(of *job.Execution) { repeats = of }
	return func() { done(rq.Method, rq.route.pattern, w.status, repeats) }
}

// do checks all that is common to routes, then runs the action.
func (s *server) do(rq *request) (any, error) {
	if err := checkFrame(rq.Request); err != nil {
		return nil, err
	}
	if err := s.checkOrigin(rq.Request); err != nil {
		return nil, err
	}
	if err := checkNoSecret(rq.Request); err != nil {
		return nil, err
	}
	if err := s.authorise(rq); err != nil {
		return nil, err
	}
	if s.o.Version != "" && !rq.route.open {
		rq.w.Header().Set(api.HeaderVersion, s.o.Version)
	}
	rq.call.Now = s.o.Now().UTC().Truncate(time.Microsecond)
	if rq.route.pattern == "/" {
		return rq.route.do(rq)
	}
	if err := checkAccept(rq.Request, rq.route.kinds); err != nil {
		return nil, err
	}
	if err := rq.readQuery(); err != nil {
		return nil, err
	}
	if err := rq.readHeaders(); err != nil {
		return nil, err
	}
	if rq.route.body != nil {
		if err := rq.readBody(); err != nil {
			return nil, err
		}
	}
	if rq.route.body != nil || rq.ContentLength == 0 {
		rq.unhurried()
	}
	return rq.route.do(rq)
}

// authorise establishes the caller and holds its role against the matched route.
// What the table does not open is closed.
func (s *server) authorise(rq *request) error {
	if rq.route.open {
		return nil
	}
	if s.o.Principal == nil {
		return job.Errorf(job.Unauthenticated, "nobody may use this listener")
	}
	p, err := s.o.Principal(rq.Request)
	if err != nil {
		if job.CodeOf(err) == job.Internal {
			err = &job.Error{Code: job.Unauthenticated, Message: "who you are cannot be established", Err: err}
		}
		return err
	}
	if !p.Role.Allows(rq.route.role) {
		return job.Errorf(job.Forbidden, "%s may not do this", p.Name).WithHint("it needs role %s", rq.route.role)
	}
	rq.call.Principal = p
	return nil
}

// finish ends a request: a panic becomes an answer and a line in the log.
func (s *server) finish(w *writer, rq *request, began time.Time, fault any) {
	ctx := context.WithoutCancel(rq.Context())
	if fault != nil {
		s.log.LogAttrs(ctx, slog.LevelError, "request panicked", slog.Any("panic", fault), slog.String("request_id", rq.id),
			slog.String("route", rq.route.pattern), slog.String("stack", string(debug.Stack())))
		if w.status != 0 { // too late for another answer: break the connection
			panic(http.ErrAbortHandler)
		}
		s.write(w, rq, errorAnswer(job.Errorf(job.Internal, "internal error"), rq))
	}
	if s.log.Enabled(ctx, slog.LevelDebug) {
		s.log.LogAttrs(ctx, slog.LevelDebug, "request", slog.String("method", rq.Method), slog.String("route", rq.route.pattern),
			slog.Int("status", w.status), slog.Duration("took", time.Since(began)), slog.String("by", rq.call.Principal.Name), slog.String("from", rq.RemoteAddr),
			slog.String("request_id", rq.id))
	}
}
