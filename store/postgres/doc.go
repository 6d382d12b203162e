// Package postgres is the store that several nodes share.
//
// Every write is one transaction with as few round trips as it needs: statements are
// queued and sent together, BEGIN with the first and COMMIT with the last of them
// (tx.go). Hot statements work on arrays, one statement per kind and batch.
//
// A cursor row is the lock of its job. Locks are taken in one order, cursors by job,
// then rows of waiting by k, then executions by k, so that writers wait for each other
// and do not deadlock. The hot path takes few: planning locks cursors that nobody else
// has, claiming and settling lock no cursor, unless an end may wake or end something.
//
// The wide row of a job changes when people change it. What runs change is narrow: the
// cursor has the job's status, and where its last epoch ends. Triggers that come while
// others are written share the next transaction (group.go).
//
// Nothing belongs to a connection: all settings are local to a transaction, so that a
// pooler in transaction mode may sit in between.
package postgres
