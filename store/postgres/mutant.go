package postgres

import (
	"slices"
	"strings"

	"github.com/agentic-sdlc/scheduler/internal/mutant"
)

// owned is the condition by which only the newest owner changes an execution.
const owned = " AND e.session = u.session AND e.token = u.token AND e.status = u.running"

// mutated is a statement, in which a build that is one of the mutants has something
// else.
func mutated(statement, part, instead string, mutants ...string) string {
	if mutant.Active != "" && slices.Contains(mutants, mutant.Active) {
		return strings.Replace(statement, part, instead, 1)
	}
	return statement
}

// dropped makes the schema of a mutant, which keeps no slot from having two rows.
const dropped = `DROP INDEX IF EXISTS executions_slot; DROP INDEX IF EXISTS executions_number;
	CREATE INDEX IF NOT EXISTS executions_number_any ON executions (job, n)`
