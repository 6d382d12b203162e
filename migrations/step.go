package migrations

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Step is one migration of a store.
type Step struct {
	Version   int64
	Name      string
	SQL       string
	AppliedAt time.Time // zero = it was not applied yet
}

// SQLiteSteps returns the migrations of the embedded store, in order.
func SQLiteSteps() []Step { return steps(SQLite, "sqlite") }

// PostgresSteps returns the migrations of the PostgreSQL store, in order.
func PostgresSteps() []Step { return steps(Postgres, "postgres") }

// marks takes away what only goose reads.
var marks = strings.NewReplacer("-- +goose Up\n", "", "-- +goose StatementBegin\n", "", "-- +goose StatementEnd\n", "")

// steps reads a folder whose files are named NUMBER_NAME.sql. What is embedded is
// read without errors, and a test holds the names to that.
func steps(files embed.FS, folder string) []Step {
	entries, _ := files.ReadDir(folder)
	list := make([]Step, 0, len(entries))
	for _, entry := range entries {
		number, name, _ := strings.Cut(strings.TrimSuffix(entry.Name(), ".sql"), "_")
		version, _ := strconv.ParseInt(number, 10, 64)
		text, _ := files.ReadFile(folder + "/" + entry.Name())
		list = append(list, Step{Version: version, Name: name, SQL: marks.Replace(string(text))})
	}
	return list
}

// Newest returns the version that a database has after all steps.
func Newest(list []Step) int64 {
	if len(list) == 0 {
		return 0
	}
	return list[len(list)-1].Version
}

// SchemaError says that a database has not the schema that this build works on.
type SchemaError struct {
	Have, Known int64 // Have 0 = none yet
}

// Error names both versions and what to do.
func (e *SchemaError) Error() string {
	switch {
	case e.Have > e.Known:
		return fmt.Sprintf("database schema %d, this schedd knows %d: upgrade schedd or restore a backup", e.Have, e.Known)
	case e.Have == 0:
		return fmt.Sprintf("the database has no schema yet, this schedd needs %d: run `schedd migrate up`, or set store.auto_migrate: true", e.Known)
	default:
		return fmt.Sprintf("database schema %d, this schedd needs %d: back it up and run `schedd migrate up`, or set store.auto_migrate: true", e.Have, e.Known)
	}
}
