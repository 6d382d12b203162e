package httpapi

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// Bounds of headers and of what is asked for, in bytes.
const (
	maxKey    = 128
	maxReason = 1 << 10
	maxTarget = 8 << 10
)

// checkFrame refuses requests that two servers may cut differently, and lines without
// end. A body says its length: Content-Length and chunks in one request are how a request
// is smuggled past a proxy, and net/http hides the one when it sees the other.
func checkFrame(r *http.Request) error {
	if len(r.TransferEncoding) > 0 {
		return job.Errorf(job.Invalid, "bodies in chunks are not accepted").WithHint("send the body with Content-Length, without Transfer-Encoding")
	}
	if len(r.RequestURI) > maxTarget {
		return &statusError{http.StatusRequestURITooLong, job.Errorf(job.Invalid, "path and query have more than %d bytes", maxTarget)}
	}
	return nil
}

// checkOrigin refuses what a browser sends on behalf of another site, and names that
// are not ours.
func (s *server) checkOrigin(r *http.Request) error {
	foreign := func(site string) bool { return site != "none" && site != "same-origin" }
	if r.Header.Values("Origin") != nil || slices.ContainsFunc(r.Header.Values("Sec-Fetch-Site"), foreign) {
		return job.Errorf(job.Forbidden, "requests from web pages are refused")
	}
	if s.o.Host != nil && !s.o.Host(r) {
		return job.Errorf(job.Forbidden, "requests for host %.80q are refused", r.Host).WithHint("list it in listen.hosts if it is this machine's name")
	}
	return nil
}

// secretNames are parameters in which people put what belongs into a header.
var secretNames = []string{"token", "access_token", "api_token", "auth_token", "bearer", "authorization", "apikey", "api_key", "key", "secret", "password"}

// checkNoSecret refuses tokens in URLs, which end up in logs and histories.
func checkNoSecret(r *http.Request) error {
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if slices.Contains(secretNames, strings.ToLower(name)) || strings.Contains(value, "schd_") {
			return job.Errorf(job.Invalid, "do not put tokens in URLs").WithHint("send the header Authorization: Bearer TOKEN, and revoke this token if it was one")
		}
	}
	return nil
}

// jsonKinds are what answers are unless the route says otherwise.
var jsonKinds = []string{"application/json", "application/x-ndjson"}

// checkAccept refuses callers that cannot read what the route answers.
func checkAccept(r *http.Request, kinds []string) error {
	if kinds == nil {
		kinds = jsonKinds
	}
	values := r.Header.Values("Accept")
	if len(values) == 0 {
		return nil
	}
	for item := range strings.SplitSeq(strings.Join(values, ","), ",") {
		kind, params, err := mime.ParseMediaType(strings.TrimSpace(item))
		if q, _ := strconv.ParseFloat(params["q"], 64); params["q"] != "" && q == 0 {
			continue
		}
		family, _, _ := strings.Cut(kinds[0], "/")
		if err == nil && (kind == "*/*" || kind == family+"/*" || slices.Contains(kinds, kind)) {
			return nil
		}
	}
	return &statusError{http.StatusNotAcceptable, job.Errorf(job.Invalid, "answers are %s only", kinds[0])}
}

// readHeaders takes what the headers say about the call.
func (rq *request) readHeaders() error {
	h := rq.Header
	if reason := h.Get(api.HeaderReason); reason != "" {
		if len(reason) > maxReason || !printable(reason) {
			return job.Errorf(job.Invalid, "%s must be one line of at most %d bytes", api.HeaderReason, maxReason)
		}
		rq.call.Reason = reason
	}
	if rq.Method != http.MethodGet && rq.Method != http.MethodHead {
		revision, err := ifMatch(h)
		if err != nil {
			return err
		}
		rq.call.IfRevision = revision
	}
	if rq.call.RequestID, rq.call.Trace = rq.id, rq.trace; rq.trace == "" {
		rq.call.Trace, _ = job.ReadTraceParent(h.Get("Traceparent"))
	}
	if rq.route.creates {
		key, err := idempotencyKey(h)
		if err != nil {
			return err
		}
		rq.call.IdempotencyKey = key
		if rq.call.TraceID, rq.call.ParentSpanID = rq.trace, rq.span; rq.trace == "" {
			rq.call.TraceID, rq.call.ParentSpanID = job.ReadTraceParent(h.Get("Traceparent"))
		}
	}
	return nil
}

// ifMatch reads a revision: 3, "3" or *; 0 means any.
func ifMatch(h http.Header) (int64, error) {
	values := h.Values("If-Match")
	if len(values) == 0 || len(values) == 1 && values[0] == "*" {
		return 0, nil
	}
	n, err := strconv.ParseInt(strings.Trim(values[0], `"`), 10, 64)
	if err != nil || n <= 0 || len(values) > 1 {
		return 0, job.Errorf(job.Invalid, `If-Match must be one revision such as "3"`).WithHint("take it from the ETag, or from the job's revision")
	}
	return n, nil
}

// idempotencyKey reads the key of a creation; "" = none was sent.
func idempotencyKey(h http.Header) (string, error) {
	values := h.Values(api.HeaderIdempotencyKey)
	if len(values) == 0 {
		return "", nil
	}
	key := values[0]
	ascii := !strings.ContainsFunc(key, func(r rune) bool { return r < '!' || r > '~' })
	if len(values) > 1 || key == "" || len(key) > maxKey || !ascii {
		return "", job.Errorf(job.Invalid, "%s must be 1 to %d printable ASCII characters, given once", api.HeaderIdempotencyKey, maxKey)
	}
	return key, nil
}

// readBody reads the body and says what it is the key of.
func (rq *request) readBody() error {
	if rq.call.IdempotencyKey != "" {
		defer func() {
			sum := sha256.Sum256(fmt.Appendf(nil, "%s %s\n%s", rq.Method, rq.URL.RequestURI(), rq.raw))
			rq.call.BodyHash = hex.EncodeToString(sum[:])
		}()
	}
	if rq.ContentLength == 0 && rq.route.optional {
		return nil
	}
	if encoding := rq.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return job.Errorf(job.Unsupported, "compressed bodies are not accepted (Content-Encoding %.40q)", encoding)
	}
	_ = http.NewResponseController(rq.w).SetReadDeadline(time.Now().Add(readWithin)) // not every writer has one
	raw, err := io.ReadAll(rq.Body)
	if err != nil {
		if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return job.Errorf(job.TooLarge, "the body is larger than %d bytes", tooLarge.Limit)
		}
		return &job.Error{Code: job.Invalid, Message: "the body could not be read", Err: err}
	}
	rq.raw = raw
	if len(raw) == 0 {
		return nil // decode says whether that will do
	}
	if err := checkContentType(rq); err != nil {
		return err
	}
	return nil
}

func checkContentType(rq *request) error {
	text := rq.Header.Get("Content-Type")
	kind, params, err := mime.ParseMediaType(text)
	patch := rq.Method == http.MethodPatch && kind == "application/merge-patch+json"
	charset := params["charset"] == "" || strings.EqualFold(params["charset"], "utf-8")
	if err != nil || kind != "application/json" && !patch || !charset {
		return job.Errorf(job.Unsupported, "the body must be application/json in UTF-8, not %.80q", text)
	}
	return nil
}

// printable reports whether text is one line without control characters.
func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\ufffd' })
}

// requestIDs names requests: what the caller calls them, or process and number.
type requestIDs struct {
	prefix string
	count  atomic.Uint64
}

func (ids *requestIDs) init() {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	ids.prefix = hex.EncodeToString(b[:])
}

func (ids *requestIDs) of(r *http.Request) string {
	given := r.Header.Get(api.HeaderRequestID)
	odd := func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.'
	}
	if given != "" && len(given) <= 64 && !strings.ContainsFunc(given, odd) {
		return given
	}
	return ids.prefix + "-" + strconv.FormatUint(ids.count.Add(1), 36)
}
