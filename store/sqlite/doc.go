// Package sqlite is the embedded store: one file, one daemon, nothing to install.
//
// All writes go through one goroutine with group commit (writer.go): it takes
// whatever is queued, runs each operation under a savepoint of its own, commits
// once, and only then answers. WAL with synchronous=FULL makes an answer durable.
// Reads use a small pool of connections of their own.
//
// The package talks to the driver directly instead of through database/sql, whose
// per-statement cost is a third of a settled execution; goose alone uses it, to
// migrate.
package sqlite
