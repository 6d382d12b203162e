package cli

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"syscall"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// sink remembers the first failure of standard output.
type sink struct {
	w   io.Writer
	err error
}

func (s *sink) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.w.Write(p)
	s.err = err
	return n, err
}

// finish says what went wrong and returns the exit status.
func (a *app) finish(ctx context.Context, args []string, err error) int {
	if a.out.err != nil {
		if errors.Is(a.out.err, syscall.EPIPE) {
			return exitOK // whoever read has seen enough
		}
		err = job.Errorf(job.Internal, "write to standard output: %w", a.out.err)
	}
	if len(a.leftOut) > 0 {
		a.hint("the terminal has no room for %s; -o wide shows all", strings.Join(a.leftOut, ", "))
	}
	if err == nil {
		return exitOK
	}
	if ctx.Err() != nil && statusOf(err) != exitOK {
		if _, explained := errors.AsType[*statusError](err); !explained || errors.Is(err, context.Canceled) {
			err = exitWith(exitInterrupted)
		}
	}
	status := statusOf(err)
	if !a.began && status == exitFailed {
		status = exitUsage // whatever cobra refuses before a command begins
	}
	carried, special := errors.AsType[*statusError](err)
	if !special || carried.err != nil {
		a.complain(err)
	}
	outcome := special && carried.outcome
	if propagates(args) && !outcome && status != exitInterrupted {
		return exitOwn
	}
	return status
}

// propagates reports whether the command's own failures must be told apart from
// those of what it runs. The flag counts even when the others cannot be parsed.
func propagates(args []string) bool {
	if i := slices.Index(args, "--"); i >= 0 {
		args = args[:i]
	}
	return slices.Contains(args, "--propagate-exit") || slices.Contains(args, "--propagate-exit=true")
}

// complain prints an error: one line, hints below it; the error body with -o json
// and -o yaml.
func (a *app) complain(err error) {
	body := problem(err)
	if body.Code == job.Unauthenticated && a.client != nil && a.client.Shown() != "" {
		body.Hint = "the one that was shown is unknown there, has expired or was revoked; an admin makes another with: schedctl token create"
		if path, origin := a.tokenOrigin(); origin != "" {
			body.Hint = "it came from " + strings.TrimSpace(origin+" "+path) + "; " + body.Hint
		}
	}
	switch a.g.output {
	case formatJSON:
		_ = render.JSON(a.env.Err, body)
		return
	case formatNDJSON:
		_ = render.JSONLine(a.env.Err, body)
		return
	case formatYAML:
		_ = render.YAML(a.env.Err, body)
		return
	}
	lines := []string{body.Error}
	if len(body.Fields) > 1 {
		lines = lines[:0]
		for _, f := range body.Fields {
			lines = append(lines, f.Field+": "+f.Message)
		}
	}
	for _, line := range lines {
		a.errLine(a.paint(render.Red, "error:") + " " + render.Clean(line))
	}
	for hint := range strings.Lines(body.Hint) {
		a.errLine(a.paint(render.Bold, "hint:") + " " + render.Clean(hint))
	}
	if a.g.verbose > 0 {
		if body.RequestID != "" {
			a.errLine("request: " + render.Clean(body.RequestID))
		}
		if e, ok := errors.AsType[*job.Error](err); ok && e.Err != nil {
			a.errLine("cause: " + render.Clean(e.Err.Error()))
		}
	}
}

// problem is an error in the words of the API.
func problem(err error) api.ErrorBody {
	e, ok := errors.AsType[*job.Error](err)
	if !ok {
		return api.ErrorBody{Error: err.Error(), Code: job.Internal}
	}
	body := api.ErrorBody{Error: e.Message, Code: e.Code, Fields: e.Fields, Hint: e.Hint}
	if e.Code == job.Internal && e.Err != nil {
		body.Error = e.Error()
	}
	if r, ok := errors.AsType[*client.ResponseError](err); ok {
		body.RequestID = r.RequestID
	}
	return body
}
