package exec

import (
	"encoding/json"
	"errors"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
)

// Handler runs commands. It is safe for concurrent use.
type Handler struct {
	o         Options
	inherited map[string]string
	named     *NamedOptions // nil = the payload spells the command out
	params    []param       // of named
}

var (
	_ handler.Handler   = (*Handler)(nil)
	_ handler.Validator = (*Handler)(nil)
	_ handler.Describer = (*Handler)(nil)
)

// New returns the handler whose payload spells out the command.
func New(o Options) (*Handler, error) {
	if o.Runner == nil {
		return nil, errors.New("exec handler without a Runner")
	}
	if o.PassEnv == nil {
		o.PassEnv = DefaultPassEnv()
	}
	if o.Shell == "" {
		o.Shell = "/bin/sh"
	}
	if o.Dir == "" {
		o.Dir = "/"
	}
	if o.Grace == 0 {
		o.Grace = defaultGrace
	}
	return &Handler{o: o, inherited: inherited(o.Environ, o.PassEnv)}, nil
}

// Named returns a handler for one fixed command. The error, with code invalid,
// says what is wrong with n.
func Named(o Options, n NamedOptions) (*Handler, error) {
	problems := checkNamed(n)
	params := checkParams(&problems, &n)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	h, err := New(o)
	if err != nil {
		return nil, err
	}
	h.named, h.params = &n, params
	return h, nil
}

// ValidatePayload reports everything that is wrong with a payload: an error with
// code invalid and a field for each problem, such as "payload.env.LD_PRELOAD".
func (h *Handler) ValidatePayload(payload json.RawMessage) error {
	_, err := h.plan(payload)
	return err
}

// plan makes a command of a payload.
func (h *Handler) plan(payload json.RawMessage) (spec, error) {
	if h.named == nil {
		s, problems := parse(payload, h.o.Shell)
		return s, problems.Err()
	}
	s := spec{argv: h.named.Argv, env: h.named.Env, dir: h.named.Dir}
	if h.named.PayloadStdin {
		var p job.Problems
		if payload == nil {
			payload = json.RawMessage("{}")
		}
		if !json.Valid(payload) {
			p.Add("payload", "syntax", "is not valid JSON")
		}
		s.stdin = append(append([]byte{}, payload...), '\n')
		return s, p.Err()
	}
	var p job.Problems
	s.argv, p = fill(h.named.Argv, h.params, payload)
	return s, p.Err()
}
