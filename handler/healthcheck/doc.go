// Package healthcheck has the built-in "health-check": it looks whether addresses answer
// and whether the scheduler's own components are up.
//
//	{"urls": ["https://shop.example.org/healthz",
//	          {"url": "https://example.org/", "expect_status": 204, "contains": "ready"}],
//	 "components": ["store", "queue"],          an empty payload means all of them
//	 "timeout_ms": 5000}                         of each address; default 10 s
//
// Its result is {"success", "timestamp", "checks": [{"target", "status": "up" | "down",
// "latency_ms", "message"}]}. When one is down the run fails with class "unhealthy", and
// may be retried. Calls pass the guard of package httpcall.
package healthcheck
