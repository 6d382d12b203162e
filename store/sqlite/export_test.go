package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/agentic-sdlc/scheduler/store/storetest"
)

// TestStreamsHaveEverything fails when the schema has what no stream takes along.
func TestStreamsHaveEverything(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "schedd.db"), Instance: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var columns []string
	if err := s.read(t.Context(), func(c *conn) error {
		return c.query(`SELECT m.name || '.' || i.name FROM sqlite_schema m, pragma_table_info(m.name) i
			WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY 1`, nil, func(r *row) error {
			columns = append(columns, r.Text())
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	for _, fault := range storetest.MissingColumns(columns, nil) {
		t.Error(fault)
	}
}
