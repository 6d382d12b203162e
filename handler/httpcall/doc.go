// Package httpcall holds the handlers that make an HTTP call, and the guard that
// keeps calls away from the inside of the operator's network (SSRF).
//
// New makes the built-in "http", whose payload spells out the call:
//
//	{"url": "https://api.example.org/reindex",
//	 "method": "POST",                          default: GET without a body, else POST
//	 "headers": {"Authorization": "Bearer …"},
//	 "body": {"full": true},                    a string is sent as text, the rest as JSON
//	 "timeout_ms": 30000,                       default: Options.Timeout
//	 "expect_status": [200, 404]}               default: 200 to 299; also one number
//
// Named makes a handler whose call the operator fixed in the configuration; the
// payload is its JSON body.
//
// Each call carries X-Schedd-Execution-Id, X-Schedd-Attempt, X-Schedd-Fencing-Token
// (rises with each claim of the execution: a target that remembers it can refuse a
// late owner), X-Schedd-Scheduled-At (RFC 3339, UTC), Idempotency-Key (the execution's
// id, unless the payload has one) and traceparent. Each uses a connection
// of its own: a request is never sent twice behind the scheduler's back, and the
// name is looked up and judged each time. At most three redirects are followed; a
// redirect to another host loses every header but Accept, Content-Type and
// User-Agent, and is refused if it would take the body along.
//
// A named call may be signed as Standard Webhooks are: webhook-id is the execution's id,
// webhook-timestamp the time in seconds, webhook-signature "v1," and the HMAC-SHA256 of
// "ID.TIMESTAMP.BODY" in base64. The target recomputes it, and refuses old timestamps.
//
// # Outcome
//
// An expected status is success. The result of every call that was answered is
//
//	{"status": 200, "headers": {"Content-Type": "…"}, "body": …, "truncated": true}
//
// with a JSON body as JSON and any other as text; 1 MiB is read, 64 KiB in all are
// kept. Everything else is a *handler.Failure, with these classes:
//
//	http_NNN          the server answered NNN; 429 and 5xx may be retried, after
//	                  Retry-After (1 h at most) if 429 or 503 has it; others may not
//	http_forbidden    the guard refused the address, the port or a redirect; permanent
//	http_redirect     too many redirects, or one that takes the body elsewhere; permanent
//	http_dns, http_connect, http_tls, http_timeout, http_network
//	                  the call failed on its way; may be retried
//	timeout           the attempt's deadline passed; wraps context.DeadlineExceeded
//	cancelled         the context was cancelled; wraps context.Canceled
//	bad_payload       the payload is not what ValidatePayload accepts; permanent
//
// Messages name the host, never the address that it resolved to.
package httpcall
