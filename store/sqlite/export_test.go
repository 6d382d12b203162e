package sqlite

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	forms "github.com/agentic-sdlc/scheduler/store/internal/stored"
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
		return c.query(context.Background(), `SELECT m.name || '.' || i.name FROM sqlite_schema m, pragma_table_info(m.name) i
			WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY 1`, nil, func(r *row) error {
			columns = append(columns, r.text())
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	for _, fault := range storetest.MissingColumns(columns, nil) {
		t.Error(fault)
	}
}

// TestCodes holds the numbers of enums here to those of streams.
func TestCodes(t *testing.T) {
	t.Parallel()
	for name, same := range map[string]bool{
		"types": slices.Equal(jobTypes, forms.JobTypes), "job statuses": slices.Equal(jobStatuses, forms.JobStatuses),
		"priorities": slices.Equal(priorities, forms.Priorities), "statuses": slices.Equal(statuses, forms.Statuses),
		"triggers": slices.Equal(triggers, forms.Triggers), "reasons": slices.Equal(reasons, forms.Reasons),
		"levels": slices.Equal(levels, forms.Levels), "kinds of holds": slices.Equal(holdKinds, forms.HoldKinds),
		"flags": flagCatchUp == forms.FlagCatchUp && flagDead == forms.FlagDead,
	} {
		if !same {
			t.Errorf("%s have other numbers than in package stored", name)
		}
	}
}
