// Package handler is the port through which an execution's work is done.
//
// A Handler does one attempt of one execution: it gets a context that ends at
// the attempt's deadline, when the execution is cancelled, or when the daemon
// stops, and a Task that says what to do. What it returns decides how the
// attempt settles:
//
//   - nil: success, with the Result;
//   - an error made by Fail with Permanent set: failed, no retry;
//   - any other error: failed, retried while the job allows it;
//   - any error after the context's deadline: timeout.
//
// A Registry maps the names that jobs use to handlers; it is built once by the
// daemon and read-only afterwards. There is no registration by init.
package handler
