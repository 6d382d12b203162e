package postgres

import (
	"slices"
	"strings"

	"github.com/agentic-sdlc/scheduler/internal/mutant"
)

// owned is the condition by which only the newest owner changes an execution.
const owned = " AND e.session = u.session AND e.token = u.token AND e.status = u.running"

// mutated is a statement, in which a build that is one of the mutants has something
// else. It panics when the statement has no such part: a mutant that changes nothing
// would prove nothing.
func mutated(statement, part, instead string, mutants ...string) string {
	if mutant.Active == "" || !slices.Contains(mutants, mutant.Active) {
		return statement
	}
	if !strings.Contains(statement, part) {
		panic(mutant.Active + ": nothing to change in " + statement)
	}
	return strings.Replace(statement, part, instead, 1)
}

// claimable is sqlClaimable; the mutant looks at executions whether they wait or not.
func claimable() string {
	query := mutated(sqlClaimable, "FROM waiting w", "FROM executions w", mutant.ClaimAny)
	return mutated(query, "coalesce(w.queued, 0) = 0 AND w.ready_at <= $2", "$2::bigint > 0", mutant.ClaimAny)
}

// dropped makes the schema of a mutant, which keeps no slot from having two rows.
const dropped = `DROP INDEX IF EXISTS executions_slot; DROP INDEX IF EXISTS executions_number;
	CREATE INDEX IF NOT EXISTS executions_number_any ON executions (job, n)`
