// Package executor runs executions: it claims what was announced, calls handlers
// under a deadline, and settles what they return, many in one transaction.
//
// A slot is taken before an execution is claimed and is free again only when its end
// is durable, so what is not settled is bounded by the slots. On stop the executor
// claims nothing more, waits for what runs, then cancels the rest and hands it back.
package executor
