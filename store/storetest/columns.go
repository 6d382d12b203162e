package storetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/store/dump"
)

// leftOut are the tables and columns that every adapter has and no stream: what they
// hold is of no use elsewhere, or is in other rows.
var leftOut = strings.Fields("meta duties agent_tasks goose_db_version event_state claims.id counter_deltas.id holds.id outbox.id")

// MissingColumns returns what a database has, as TABLE.COLUMN, and streams have not, and the
// other way round: what an adapter would forget. own are tables and columns that the
// adapter makes again by itself.
func MissingColumns(columns, own []string) (faults []string) {
	known := map[string]bool{}
	for _, t := range dump.Tables() {
		if t == dump.Store {
			continue
		}
		for _, c := range t.Columns {
			known[t.Name+"."+c.Name] = true
		}
	}
	for _, column := range columns {
		table, _, _ := strings.Cut(column, ".")
		if known[column] {
			delete(known, column)
		} else if ignored := append(slices.Clone(own), leftOut...); !slices.Contains(ignored, column) && !slices.Contains(ignored, table) {
			faults = append(faults, column+" is in no stream: add it to package store/dump, with a new version if an old file could not be read any more")
		}
	}
	for _, column := range slices.Sorted(maps.Keys(known)) {
		faults = append(faults, fmt.Sprintf("streams have %s, the database has not", column))
	}
	return faults
}

// WantRows checks that a store made of a fixture of the schema has as many rows of each
// table as rows says.
func WantRows(t *testing.T, schema int64, s dump.Exporter, rows func(table string) int64) {
	t.Helper()
	var tally dump.Tally
	for row, err := range s.Export(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if err := tally.Add(row); err != nil {
			t.Fatal(err)
		}
	}
	sums := tally.Sums()
	if sums.Rows() < 10 {
		t.Errorf("schema %d has %d rows; is it a fixture?", schema, sums.Rows())
	}
	for _, table := range dump.Tables() {
		if table == dump.Store {
			continue
		}
		if want := rows(table.Name); sums[table.Name].Rows != want {
			t.Errorf("schema %d: %d rows of %s after the upgrade, want %d", schema, sums[table.Name].Rows, table.Name, want)
		}
	}
}
