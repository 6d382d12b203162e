package storetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/agentic-sdlc/scheduler/store/dump"
)

// leftOut are the tables and columns that every adapter has and no stream: what they
// hold is of no use elsewhere, or is in other rows.
var leftOut = strings.Fields("meta counter_deltas duties goose_db_version claims.id holds.id outbox.id")

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
