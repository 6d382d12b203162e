package httpapi

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/agentic-sdlc/scheduler/api"
)

// TestDescription asks for the description in its three forms.
func TestDescription(t *testing.T) {
	b := newBench(t)
	for path, kind := range map[string]string{api.RouteOpenAPIJSON: "application/json", api.RouteOpenAPIYAML: "application/yaml", api.RouteDocs: "text/html; charset=utf-8"} {
		got := b.do("GET", path, "", "Accept: "+strings.Split(kind, ";")[0]).want(200)
		if got.Header.Get("Content-Type") != kind || len(got.Body) < 10_000 {
			t.Errorf("%s: %s of %d bytes, want %s", path, got.Header.Get("Content-Type"), len(got.Body), kind)
		}
	}
	page := b.do("GET", api.RouteDocs, "").want(200)
	if outside := regexp.MustCompile(`(?:src|href|url|import)\s*[=(]\s*["']?(?:https?:)?//[^"')>]*`).Find(page.Body); outside != nil || bytes.Contains(page.Body, []byte("<script")) {
		t.Errorf("the page needs more than itself: %q", outside)
	}
	b.do("GET", api.RouteDocs, "", "Accept: application/json").want(406)
}

// TestEveryRouteIsDescribed holds the description that is served against the table of
// routes: none is missing, none is left over.
func TestEveryRouteIsDescribed(t *testing.T) {
	b := newBench(t)
	doc := read[struct {
		Paths map[string]map[string]struct {
			ID   string          `json:"operationId"`
			Role string          `json:"x-role"`
			Body json.RawMessage `json:"requestBody"`
		} `json:"paths"`
	}](b.do("GET", api.RouteOpenAPIJSON, "").want(200))
	described := 0
	for _, methods := range doc.Paths {
		described += len(methods)
	}
	routes := b.server.(*server).routes()
	if described != len(routes) {
		t.Errorf("%d operations are described, %d routes served", described, len(routes))
	}
	for _, rt := range routes {
		op, ok := doc.Paths[rt.pattern][strings.ToLower(rt.method)]
		switch {
		case !ok:
			t.Errorf("%s %s is not described: give it a line in describe.go, then make generate", rt.method, rt.pattern)
		case op.Role != string(rt.role) || (op.Body != nil) != (rt.body != nil):
			t.Errorf("%s %s is described with role %q, body %s", rt.method, rt.pattern, op.Role, op.Body)
		}
	}
}

// TestEveryRouteIsDriven holds the table of routes against those that tests/openapi
// drives through a real daemon, so that a new one is seen here and not only there.
func TestEveryRouteIsDriven(t *testing.T) {
	b := newBench(t)
	var want []string
	for _, rt := range b.server.(*server).routes() {
		want = append(want, rt.method+" "+rt.pattern)
	}
	slices.Sort(want)
	text, err := os.ReadFile("../../tests/openapi/driven.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, strings.Split(strings.TrimSpace(string(text)), "\n")); diff != "" {
		t.Errorf("drive new routes in tests/openapi, give each its line in driven.txt, run scripts/openapi.sh (-routes +driven):\n%s", diff)
	}
}
