// Package httpcall holds the handlers that make an HTTP call.
package httpcall

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"

	"github.com/agentic-sdlc/scheduler/handler"
)

// Guard decides where calls may go. It is safe for concurrent use.
type Guard struct{ o GuardOptions }

// NewGuard returns a guard; the error, with code invalid, names what is wrong with o.
func NewGuard(o GuardOptions) (*Guard, error) { return &Guard{o: o}, nil }

// CheckURL says whether a URL may be called, as far as its text tells; the error
// has code invalid and the field "url". Names are judged when they are dialled.
func (g *Guard) CheckURL(raw string) error { return nil }

// CheckAddr returns nil, or why an address is refused.
func (g *Guard) CheckAddr(addr netip.Addr) error { return nil }

// Client returns a client whose connections and redirects pass the guard. Other
// packages that call what users wrote use it too. Its Timeout is not set.
func (g *Guard) Client() *http.Client { return &http.Client{} }

// Handler makes HTTP calls. It is safe for concurrent use.
type Handler struct{ o Options }

var (
	_ handler.Handler   = (*Handler)(nil)
	_ handler.Validator = (*Handler)(nil)
)

// New returns the handler whose payload spells out the call.
func New(o Options) (*Handler, error) { return &Handler{o: o}, nil }

// Named returns a handler for one fixed call. The error, with code invalid, says
// what is wrong with n.
func Named(o Options, n NamedOptions) (*Handler, error) { return &Handler{o: o}, nil }

// ValidatePayload reports everything that is wrong with a payload.
func (h *Handler) ValidatePayload(payload json.RawMessage) error { return nil }

// Run makes the call of t.
func (h *Handler) Run(ctx context.Context, t *handler.Task) (handler.Result, error) {
	return handler.Result{}, nil
}

// Close drops idle connections.
func (h *Handler) Close() {}
