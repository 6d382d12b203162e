//go:build linux

package crash

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
)

// tampering is a change by hand and its opposite. %d is the victim: an execution's
// slot in microseconds, or the start of a range.
type tampering struct {
	name     string
	do, undo []string
	kind     string        // of the finding
	shift    time.Duration // from the victim to the slot that is named
	ranges   bool
}

var tamperings = []tampering{
	{
		name: "a row is deleted", kind: job.FindingMissing,
		do:   []string{`CREATE TABLE kept AS SELECT * FROM executions WHERE at = %d`, `DELETE FROM executions WHERE at = %d`},
		undo: []string{`INSERT INTO executions SELECT * FROM kept`, `DROP TABLE kept`},
	},
	{
		name: "a row is deleted and the counter with it", kind: job.FindingMissing,
		do: []string{
			`CREATE TABLE kept AS SELECT * FROM executions WHERE at = %d`, `DELETE FROM executions WHERE at = %d`,
			`UPDATE cursors SET numbers = numbers - 1 WHERE job = (SELECT job FROM kept)`,
		},
		undo: []string{`UPDATE cursors SET numbers = numbers + 1 WHERE job = (SELECT job FROM kept)`, `INSERT INTO executions SELECT * FROM kept`, `DROP TABLE kept`},
	},
	{
		name: "a row is added where no slot is", kind: job.FindingUnplanned, shift: time.Second,
		do: []string{
			`CREATE TABLE kept AS SELECT * FROM executions WHERE at = %d`,
			`UPDATE kept SET k = (SELECT max(k) + 1 FROM executions), at = at + 1000000, n = (SELECT max(n) + 1 FROM executions WHERE job = kept.job)`,
			`INSERT INTO executions SELECT * FROM kept`, `UPDATE cursors SET numbers = numbers + 1 WHERE job = (SELECT job FROM kept)`,
		},
		undo: []string{`DELETE FROM executions WHERE k = (SELECT k FROM kept)`, `UPDATE cursors SET numbers = numbers - 1 WHERE job = (SELECT job FROM kept)`, `DROP TABLE kept`},
	},
	{
		name: "a row is moved by a second", kind: job.FindingUnplanned, shift: time.Second,
		do:   []string{`UPDATE executions SET at = at + 1000000 WHERE at = %d`},
		undo: []string{`UPDATE executions SET at = at - 1000000 WHERE at = %d + 1000000`},
	},
	{
		name: "the count of a range is changed", kind: job.FindingRange, ranges: true,
		do:   []string{`UPDATE ranges SET count = count - 1 WHERE from_at = %d`},
		undo: []string{`UPDATE ranges SET count = count + 1 WHERE from_at = %d`},
	},
	{
		name: "a range ends later", kind: job.FindingDouble, ranges: true, shift: -1,
		do:   []string{`UPDATE ranges SET to_at = to_at + 2000000, count = count + 1 WHERE from_at = %d`},
		undo: []string{`UPDATE ranges SET to_at = to_at - 2000000, count = count - 1 WHERE from_at = %d`},
	},
	{
		name: "a range is deleted", kind: job.FindingMissing, ranges: true,
		do:   []string{`CREATE TABLE kept AS SELECT * FROM ranges WHERE from_at = %d`, `DELETE FROM ranges WHERE from_at = %d`},
		undo: []string{`INSERT INTO ranges SELECT * FROM kept`, `DROP TABLE kept`},
	},
}

// TestTamper changes the database of a stopped schedd by hand: the audit must name
// the slot, and find nothing once the change is undone.
func TestTamper(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.up()
	s.history()
	s.balanced(1)
	s.stop(20 * time.Second)
	rows, ranges := s.book()
	if len(rows) < 4 || len(ranges) != 1 {
		t.Fatalf("there are %d executions and %d ranges, want 4 and 1", len(rows), len(ranges))
	}
	for _, c := range tamperings {
		ok := t.Run(c.name, func(t *testing.T) {
			victim := rows[len(rows)-2].slot // not the last: the cursor stands after that
			if c.ranges {
				victim = ranges[0].from
			}
			named := victim.Add(c.shift)
			if c.shift < 0 {
				named = rows[0].slot // that which the range now covers too
			}
			s.t = t
			s.edit(victim, c.do)
			s.up()
			out, status := s.ctl("audit", "slots")
			s.stop(20 * time.Second)
			if status != 1 || !strings.Contains(out, stamp(named)) || !strings.Contains(out, c.kind) {
				t.Errorf("the audit ends with %d, want 1, a finding %q and %s in\n%s", status, c.kind, stamp(named), out)
			}
			s.edit(victim, c.undo)
			s.up()
			s.balanced(1)
			s.stop(20 * time.Second)
		})
		s.t = t
		if !ok {
			return
		}
	}
}

// history makes a job with a range and at least four executions, and pauses it. The
// range comes from a pause that is made longer by hand.
func (s *site) history() {
	s.t.Helper()
	ctx := s.t.Context()
	const name = "victim"
	_, err := s.client.CreateJob(ctx, job.TypeCron, api.JobInput{
		Name: new(name), Schedule: new("*/2 * * * * *"), Timezone: new("UTC"), HandlerName: new("exec"), Payload: payload(s.t, "fork", "x"), Enabled: new(false),
	}, client.Write{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.stop(20 * time.Second)
	s.edit(time.Time{}, []string{`UPDATE jobs SET paused_at = paused_at - 400000000`})
	s.up()
	if err := s.client.Resume(ctx, name, api.Resume{CatchUp: "once"}, client.Write{}); err != nil {
		s.t.Fatal(err)
	}
	testbed.Eventually(s.t, "four executions", 30*time.Second, func() bool {
		page, err := s.client.Executions(ctx, client.ExecutionQuery{Statuses: []job.Status{job.Success}})
		if err != nil {
			s.t.Fatal(err)
		}
		return len(page.Items) >= 4
	})
	if err := s.client.Pause(ctx, name, api.Pause{}); err != nil {
		s.t.Fatal(err)
	}
}

// edit runs statements on the stopped daemon's database in one transaction.
func (s *site) edit(victim time.Time, statements []string) {
	s.t.Helper()
	db := s.open()
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, text := range statements {
		if strings.Contains(text, "%d") {
			text = fmt.Sprintf(text, victim.UnixMicro())
		}
		var result sql.Result
		if result, err = tx.Exec(text); err != nil {
			s.t.Fatalf("%s: %v", text, err)
		}
		if n, _ := result.RowsAffected(); n == 0 && !strings.HasPrefix(text, "DROP") && !strings.HasPrefix(text, "CREATE") {
			s.t.Fatalf("%s: changes nothing", text)
		}
	}
	if err := tx.Commit(); err != nil {
		s.t.Fatal(err)
	}
}
