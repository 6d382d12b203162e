// Package migrations holds the SQL that makes and changes the stores' schemas, one
// folder a dialect. Files are numbered, forward only, and never edited once
// released.
package migrations

import "embed"

// SQLite are the migrations of the embedded store.
//
//go:embed sqlite/*.sql
var SQLite embed.FS

// Postgres are the migrations of the PostgreSQL store.
//
//go:embed postgres/*.sql
var Postgres embed.FS
