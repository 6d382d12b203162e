package testbed

import (
	"compress/gzip"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// OTLP takes spans over HTTP, as any receiver of OpenTelemetry does.
type OTLP struct {
	*httptest.Server

	mu    sync.Mutex
	spans []Span
}

// Span is what a receiver was told. Ids are hexadecimal digits, "" for none.
type Span struct {
	Name, Trace, ID, Parent string
	Linked                  []string // ids of the spans that it is linked to
	Failed                  bool
}

// NewOTLP starts a receiver that ends with the test. What is no span fails the test.
func NewOTLP(t testing.TB) *OTLP {
	t.Helper()
	r := &OTLP{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if err := r.take(q); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			t.Error(err)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *OTLP) take(q *http.Request) error {
	if q.URL.Path != "/v1/traces" {
		return fmt.Errorf("spans were sent to %s", q.URL.Path)
	}
	body := io.Reader(q.Body)
	if q.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			return err
		}
		body = unpacked
	}
	raw, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	var in collector.ExportTraceServiceRequest
	if err := proto.Unmarshal(raw, &in); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, of := range in.GetResourceSpans() {
		for _, scope := range of.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				var linked []string
				for _, l := range s.GetLinks() {
					linked = append(linked, hex.EncodeToString(l.GetSpanId()))
				}
				r.spans = append(r.spans, Span{
					Name: s.GetName(), Trace: hex.EncodeToString(s.GetTraceId()), ID: hex.EncodeToString(s.GetSpanId()), Parent: hex.EncodeToString(s.GetParentSpanId()),
					Linked: linked, Failed: s.GetStatus().GetCode() == otlp.Status_STATUS_CODE_ERROR,
				})
			}
		}
	}
	return nil
}

// Named returns the spans whose names begin with a text, in the order in which they came.
func (r *OTLP) Named(prefix string) (found []Span) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.spans {
		if strings.HasPrefix(s.Name, prefix) {
			found = append(found, s)
		}
	}
	return found
}
