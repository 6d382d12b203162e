package httpcall

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
)

const maxRetryAfter = time.Hour

func (s spec) success(status int) bool {
	if len(s.expect) > 0 {
		return slices.Contains(s.expect, status)
	}
	return status >= 200 && status <= 299
}

// judge returns nil for a status that is success, else a failure.
func (a answer) judge(s spec, now time.Time) error {
	if s.success(a.status) {
		return nil
	}
	f := &handler.Failure{
		Class:     "http_" + strconv.Itoa(a.status),
		Message:   strings.TrimSpace(fmt.Sprintf("%s answered %d %s", hostOf(s.url), a.status, http.StatusText(a.status))),
		Permanent: a.status < 500 && a.status != http.StatusTooManyRequests,
	}
	if a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable {
		f.RetryAfter = retryAfter(a.header.Get("Retry-After"), now)
	}
	return f
}

// retryAfter reads a Retry-After, which is seconds or a date; 0 for anything else, at
// most an hour.
func retryAfter(text string, now time.Time) time.Duration {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0
	}
	if strings.Trim(text, "0123456789") == "" {
		seconds, err := strconv.ParseUint(text, 10, 31)
		if err != nil { // beyond all bounds
			return maxRetryAfter
		}
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}

// failure says why a call got no answer. ctx is the attempt's own context.
func failure(ctx context.Context, s spec, err error) *handler.Failure {
	host := hostOf(s.url)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &handler.Failure{Class: "timeout", Message: "no answer from " + host + " before the deadline", Err: context.DeadlineExceeded}
	case ctx.Err() != nil:
		return &handler.Failure{Class: "cancelled", Message: fmt.Sprintf("call of %s stopped: %v", host, context.Cause(ctx)), Err: ctx.Err()}
	}
	f := classify(host, err)
	if f.Class == "http_timeout" {
		f.Message += " within " + s.timeout.String()
	}
	f.Err = err
	return f
}

// classify names the stage at which a call failed. The words are ours: those of
// package net hold the address.
func classify(host string, err error) *handler.Failure {
	if f, ok := errors.AsType[*ForbiddenError](err); ok {
		return &handler.Failure{Class: "http_forbidden", Message: f.Error(), Permanent: true}
	}
	if f, ok := errors.AsType[*redirectError](err); ok {
		return &handler.Failure{Class: "http_redirect", Message: host + ": " + f.Error(), Permanent: true}
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok && !e.IsTimeout {
		why := "the name server failed"
		if e.IsNotFound {
			why = "no such host"
		}
		return &handler.Failure{Class: "http_dns", Message: "look up " + e.Name + ": " + why}
	}
	if why, ok := tlsFault(err); ok {
		return &handler.Failure{Class: "http_tls", Message: "TLS with " + host + ": " + why}
	}
	if e, ok := errors.AsType[net.Error](err); errors.Is(err, context.DeadlineExceeded) || ok && e.Timeout() {
		return &handler.Failure{Class: "http_timeout", Message: "no answer from " + host}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return &handler.Failure{Class: "http_connect", Message: "connect to " + host + ": " + reason(err)}
	}
	return &handler.Failure{Class: "http_network", Message: "talk to " + host + ": " + reason(err)}
}

// tlsFault finds an error of TLS and puts it in words.
func tlsFault(err error) (string, bool) {
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok && e.Reason == x509.Expired {
		return "the certificate has expired or is not valid yet", true
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "the certificate is signed by an unknown authority", true
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "the certificate is for another host", true
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "the certificate is not valid", true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "the server does not speak TLS", true
	}
	if errors.Is(err, http.ErrSchemeMismatch) {
		return "the server does not speak TLS", true
	}
	if e, ok := errors.AsType[tls.AlertError](err); ok {
		return e.Error(), true
	}
	return "", false
}

// reason is the innermost word of an error, which names no address.
func reason(err error) string {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	text := strings.Join(strings.Fields(strings.ToValidUTF8(err.Error(), "\uFFFD")), " ")
	return cut(text, 200)
}

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "the host"
	}
	return u.Hostname()
}

func withoutQuery(raw string) string {
	before, _, _ := strings.Cut(raw, "?")
	return before
}
