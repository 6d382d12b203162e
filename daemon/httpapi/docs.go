package httpapi

import (
	"net/http"

	"github.com/agentic-sdlc/scheduler/api"
	apidocs "github.com/agentic-sdlc/scheduler/docs/api"
)

// reading is a text that is answered as it is.
type reading struct {
	kind, policy string // media type, and what a browser may do with it; "" = nothing
	text         []byte
}

// stream writes the text.
func (d reading) stream(w *writer) error {
	hurry(w)
	w.Header().Set("Content-Type", d.kind)
	if d.policy != "" {
		w.Header().Set("Content-Security-Policy", d.policy)
	}
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(d.text) // a caller that went away is no fault of ours
	return nil
}

// descriptions are the routes that describe the API: for readers like every other, as
// nothing but the probe of life is answered without a credential.
func (s *server) descriptions() []route {
	show := func(pattern, kind, charset, policy string, text []byte) route {
		rt := get(pattern, func(*request) (any, error) { return reading{kind + charset, policy, text}, nil })
		rt.kinds = []string{kind}
		return rt
	}
	return []route{
		show(api.RouteOpenAPIJSON, "application/json", "", "", apidocs.JSON),
		show(api.RouteOpenAPIYAML, "application/yaml", "", "", apidocs.YAML),
		show(api.RouteDocs, "text/html", "; charset=utf-8", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'", apidocs.Page),
	}
}
