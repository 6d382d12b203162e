package healthcheck

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/httpcall"
	"github.com/agentic-sdlc/scheduler/handler/payload"
)

// Component is a part of the scheduler, as it is now.
type Component struct {
	Name    string
	Up      bool
	Message string
}

// Options configure the handler.
type Options struct {
	Guard *httpcall.Guard // nil = public addresses only
	// Components says how the parts of the scheduler are; nil = there are none to ask.
	Components func(ctx context.Context) ([]Component, error)
	// Names of the components that a payload may ask for.
	Names []string
}

// Handler checks health. It is safe for concurrent use.
type Handler struct {
	o      Options
	guard  *httpcall.Guard
	client *http.Client
}

var (
	_ handler.Validator = (*Handler)(nil)
	_ handler.Describer = (*Handler)(nil)
)

// New returns the handler.
func New(o Options) (*Handler, error) {
	h := &Handler{o: o, guard: o.Guard}
	if h.guard == nil {
		var err error
		if h.guard, err = httpcall.NewGuard(httpcall.GuardOptions{}); err != nil {
			return nil, err
		}
	}
	h.client = h.guard.Client()
	return h, nil
}

const (
	maxTargets   = 50
	maxTimeoutMS = 60_000
	maxContains  = 1024
)

// target is one address and what it should answer.
type target struct {
	url      string
	status   int // 0 = 200 to 299
	contains string
}

// spec is what a payload asks for.
type spec struct {
	targets    []target
	components []string // nil = none
	timeout    time.Duration
}

// ValidatePayload reports everything that is wrong with a payload.
func (h *Handler) ValidatePayload(raw json.RawMessage) error {
	_, err := h.parse(raw)
	return err
}

func (h *Handler) parse(raw json.RawMessage) (spec, error) {
	f := payload.Read(raw, "urls", "components", "timeout_ms")
	s := spec{timeout: standardTimeout}
	if f.Has("timeout_ms") {
		s.timeout = time.Duration(f.Number("timeout_ms", f.Members["timeout_ms"], 1, maxTimeoutMS)) * time.Millisecond
	}
	if f.Has("urls") {
		s.targets = h.targets(f)
	}
	s.components = f.Texts("components")
	for i, name := range s.components {
		if !slices.Contains(h.o.Names, name) {
			f.Add(fmt.Sprintf("components[%d]", i), "unknown", "%.40q is not one of %s", name, strings.Join(h.o.Names, ", "))
		}
	}
	if len(s.targets) == 0 && len(s.components) == 0 {
		s.components = h.o.Names
	}
	return s, f.Problems.Err()
}

// targets reads the list of addresses.
func (h *Handler) targets(f *payload.Fields) []target {
	var items []json.RawMessage
	if err := json.Unmarshal(f.Members["urls"], &items); err != nil || len(items) == 0 || len(items) > maxTargets {
		f.Add("urls", "type", "must be a list of 1 to %d addresses", maxTargets)
		return nil
	}
	list := make([]target, len(items))
	for i, item := range items {
		place := fmt.Sprintf("urls[%d]", i)
		list[i] = readTarget(f, place, item)
		if err := h.guard.CheckURL(list[i].url); err != nil {
			f.Add(place, "not_allowed", "%s", strings.TrimPrefix(err.Error(), "url: "))
		}
	}
	return list
}

// readTarget reads an address, alone or with what it should answer.
func readTarget(f *payload.Fields, place string, raw json.RawMessage) target {
	if !strings.HasPrefix(strings.TrimSpace(string(raw)), "{") {
		return target{url: f.StringAt(place, raw)}
	}
	var t target
	for _, m := range f.Object("payload."+place, raw) {
		at := place + "." + m.Name
		switch m.Name {
		case "url":
			t.url = f.StringAt(at, m.Value)
		case "expect_status":
			t.status = f.Number(at, m.Value, 200, 599)
		case "contains":
			if t.contains = f.StringAt(at, m.Value); len(t.contains) > maxContains {
				f.Add(at, "too_long", "has more than %d bytes", maxContains)
			}
		default:
			f.Add(at, "unknown", "is not one of url, expect_status, contains")
		}
	}
	return t
}

// Schema describes the payload.
func (h *Handler) Schema() json.RawMessage {
	names, err := json.Marshal(h.o.Names)
	if err != nil {
		return nil
	}
	return json.RawMessage(`{"type":"object","additionalProperties":false,"properties":{` +
		`"urls":{"type":"array","maxItems":50,"items":{"oneOf":[{"type":"string","format":"uri"},{"type":"object","required":["url"],"additionalProperties":false,"properties":{` +
		`"url":{"type":"string","format":"uri"},"expect_status":{"type":"integer"},"contains":{"type":"string"}}}]}},` +
		`"components":{"type":"array","items":{"enum":` + string(names) + `},"description":"an empty payload means all"},` +
		`"timeout_ms":{"type":"integer","minimum":1,"maximum":60000}}}`)
}
