package sqlite

import (
	"bytes"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/migrations"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/storetest"
)

// Files testdata/schemaN.sql are databases of schema N with rows, as the schedd of its
// day left them. They are written once, when N is the newest, and never again.
var update = flag.Bool("update", false, "write the fixture of the newest schema, if there is none")

func fixture(schema int64) string {
	return filepath.Join("testdata", fmt.Sprintf("schema%d.sql", schema))
}

// newest returns a database of the newest schema with a life in it.
func newest(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "schedd.db"), Instance: "fixture", Synchronous: "normal"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	storetest.NewLife(t, s)
	if err := s.TrimOutbox(t.Context(), 1<<40); err != nil {
		t.Fatal(err)
	}
	for more := true; more; {
		if _, more, err = s.Retain(t.Context(), store.AnyPlatform, store.Retention{Success: 1, Failed: 1, KeepLast: 2}, storetest.Base.Add(24*time.Hour), 1000); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// text writes a database as statements that make it.
func text(t *testing.T, s *Store) []byte {
	t.Helper()
	var out bytes.Buffer
	err := s.read(t.Context(), func(c *conn) error {
		var tables []string
		if err := c.query(`SELECT name, sql FROM sqlite_schema WHERE sql <> '' AND name NOT LIKE 'sqlite_%' ORDER BY rowid`, nil, func(r *row) error {
			name, statement := r.Text(), r.Text()
			if strings.HasPrefix(statement, "CREATE TABLE") {
				tables = append(tables, name)
			}
			fmt.Fprintf(&out, "%s;\n", statement)
			return nil
		}); err != nil {
			return err
		}
		for _, table := range append(tables, "sqlite_sequence") {
			var columns []string
			if err := c.query(`SELECT 'quote("' || name || '")' FROM pragma_table_info(?)`, []any{table}, func(r *row) error {
				columns = append(columns, r.Text())
				return nil
			}); err != nil {
				return err
			}
			if err := c.query("SELECT "+strings.Join(columns, " || ', ' || ")+" FROM "+table, nil, func(r *row) error {
				fmt.Fprintf(&out, "INSERT INTO %s VALUES (%s);\n", table, r.Text())
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// load makes a database of a fixture.
func load(t *testing.T, schema int64) (path string) {
	t.Helper()
	statements, err := os.ReadFile(fixture(schema))
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "schedd.db")
	db, err := sql.Open("sqlite", (&Store{}).dsn(Options{Path: path}))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "PRAGMA foreign_keys = off;"+string(statements)); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestEverySchemaUpgrades opens a database of each schema that there ever was.
func TestEverySchemaUpgrades(t *testing.T) {
	t.Parallel()
	steps := migrations.SQLiteSteps()
	known := migrations.Newest(steps)
	if _, err := os.Stat(fixture(known)); *update && err != nil {
		if err := os.WriteFile(fixture(known), text(t, newest(t)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	fresh := schemaOf(t, filepath.Join(t.TempDir(), "fresh.db"))
	for _, step := range steps {
		path := load(t, step.Version)
		_, have, err := Schema(t.Context(), Options{Path: path})
		if err != nil || have != step.Version {
			t.Errorf("Schema = %d, %v; want %d", have, err, step.Version)
		}
		if s, err := Open(t.Context(), Options{Path: path, KeepSchema: true}); step.Version < known {
			if wrong, ok := errors.AsType[*SchemaError](err); !ok || *wrong != (SchemaError{Have: step.Version, Known: known}) {
				t.Errorf("Open of schema %d that is to stay = %v, want a SchemaError", step.Version, err)
			}
		} else if err != nil || s.Close() != nil {
			t.Errorf("Open of the newest schema = %v, want no error", err)
		}
		if got := schemaOf(t, path); !slices.Equal(got, fresh) {
			t.Errorf("schema %d became\n%s\nwant\n%s", step.Version, strings.Join(got, "\n"), strings.Join(fresh, "\n"))
		}
		wantRows(t, step.Version, path)
	}
}

// schemaOf opens a database, and returns its columns and indexes.
func schemaOf(t *testing.T, path string) (list []string) {
	t.Helper()
	s, err := Open(t.Context(), Options{Path: path, Instance: "new"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.read(t.Context(), func(c *conn) error {
		return c.query(`SELECT m.name || '.' || i.name || ' ' || i.type || ' ' || i."notnull" || ' ' || i.pk FROM sqlite_schema m, pragma_table_info(m.name) i WHERE m.type = 'table'
			UNION ALL SELECT name || ' ' || sql FROM sqlite_schema WHERE type = 'index' AND sql <> '' ORDER BY 1`, nil, func(r *row) error {
			list = append(list, r.Text())
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

// wantRows checks that an upgraded database has the rows that its fixture had.
func wantRows(t *testing.T, schema int64, path string) {
	t.Helper()
	statements, err := os.ReadFile(fixture(schema))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	storetest.WantRows(t, schema, s, func(table string) int64 { return int64(bytes.Count(statements, []byte("\nINSERT INTO "+table+" "))) })
}
