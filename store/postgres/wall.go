package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
)

// The wall is row-level security: what is read for one platform is read in a role that owns
// nothing, and the server shows that role the rows of the platform in a setting of the
// transaction, whatever the statement asks for. The owner of the tables, in whose role
// everything else is done, is not held to policies, so planning, claiming and settling pay
// nothing for it.

const (
	// sqlEnter goes behind the wall, until the transaction ends or sqlLeave.
	sqlEnter = `SELECT set_config('schedd.platform', $2, true), set_config('role', $1, true)`
	sqlLeave = `SELECT set_config('role', 'none', true), set_config('schedd.platform', '', true)`
	// behind marks statements that are prepared behind the wall: one text that was run in
	// two roles by turns would be planned each time.
	behind = "\n-- behind the wall"
)

// reading is how package reads gets a connection: behind the wall for one platform.
func (s *Store) reading(run func(context.Context, func(t *tx) error) error) reads.Run {
	return func(ctx context.Context, platform string, fn func(rows reads.Rows) error) error {
		if s.wall == "" || platform == store.AnyPlatform {
			return run(ctx, func(t *tx) error { return fn(t.query) })
		}
		return s.snapshot(ctx, func(t *tx) error {
			t.queue(sqlEnter, s.wall, platform)
			return fn(func(query string, args []any, each func(r *row) error) error {
				return t.query(query+behind, args, each)
			})
		})
	}
}

// within returns what finds rows of a platform in the transaction of a change: behind the
// wall, if there is one, for each statement.
func (s *Store) within(t *tx, platform string) reads.Rows {
	if s.wall == "" || platform == store.AnyPlatform {
		return t.query
	}
	return func(query string, args []any, each func(r *row) error) error {
		t.queue(sqlEnter, s.wall, platform)
		t.queueQuery(query+behind, args, each)
		t.queue(sqlLeave)
		return t.flush()
	}
}

// What the server shows behind the wall, by table. A table that is not here cannot be read
// there at all.
const (
	ours     = `platform = (SELECT current_setting('schedd.platform', true))`
	ofJob    = `EXISTS (SELECT 1 FROM jobs j WHERE j.seq = %s.job)`
	ofRun    = `EXISTS (SELECT 1 FROM executions e WHERE e.k = %s.k)`
	anybodys = `true`
)

// walled are the tables, each after those that its condition reads. Those that are
// anybody's hold no names and no data of platforms: packed numbers, and nodes.
var walled = []struct{ table, shows string }{
	{"platforms", `slug = (SELECT current_setting('schedd.platform', true))`},
	{"jobs", ours}, {"tokens", ours}, {"agents", ours}, {"agent_tasks", ours}, {"workflows", ours}, {"audit", ours},
	{"event_rules", ours}, {"events", ours}, {"alert_rules", ours}, {"alerts", ours},
	{"job_tags", ofJob}, {"cursors", ofJob}, {"counters", ofJob}, {"executions", ofJob}, {"waiting", ofJob}, {"failures", ofJob}, {"dead_letters", ofJob},
	{"ranges", ofJob}, {"epochs", ofJob}, {"revisions", ofJob}, {"aftermaths", ofJob}, {"failure_patterns", ofJob}, {"misses", ofJob}, {"log_sizes", ofJob},
	{"execution_inputs", ofRun}, {"execution_results", ofRun}, {"attempts", ofRun}, {"cancels", ofRun}, {"logs", ofRun}, {"flows", ofRun}, {"flow_steps", ofRun},
	{"event_inbox", `EXISTS (SELECT 1 FROM events e WHERE e.k = event_inbox.k)`},
	{"event_acts", `EXISTS (SELECT 1 FROM event_rules r WHERE r.seq = event_acts.rule) OR EXISTS (SELECT 1 FROM jobs j WHERE j.seq = -event_acts.rule)`},
	{"rollups", `owner > 0 AND EXISTS (SELECT 1 FROM jobs j WHERE j.seq = rollups.owner) OR owner < 0 AND EXISTS (SELECT 1 FROM platforms p WHERE p.seq = -rollups.owner)`},
	{"holds", `platform IN ('', (SELECT current_setting('schedd.platform', true)))`},
	{"sessions", anybodys}, {"drains", anybodys}, {"claims", anybodys}, {"counter_deltas", anybodys}, {"meta", anybodys},
}

// wallStatements make the wall for a role, and may be run again. The sum of what they say
// stands as a comment in the catalogue.
func wallStatements(role string) (list []string, sum string) {
	hash := sha256.New()
	policy := func(statement string) {
		_, _ = hash.Write([]byte(statement))
		list = append(list, statement)
	}
	for _, w := range walled {
		if w.shows == anybodys {
			continue
		}
		policy(`ALTER TABLE ` + w.table + ` ENABLE ROW LEVEL SECURITY`)
		policy(`DROP POLICY IF EXISTS schedd_platform ON ` + w.table)
		policy(`CREATE POLICY schedd_platform ON ` + w.table + ` FOR SELECT USING (` + strings.ReplaceAll(w.shows, "%s", w.table) + `)`)
	}
	sum = hex.EncodeToString(hash.Sum(nil))
	list = append(list, `COMMENT ON POLICY schedd_platform ON jobs IS '`+sum+`'`, `GRANT SELECT ON `+strings.Join(walledTables(), ", ")+` TO `+role,
		`DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO `+strings.ReplaceAll(role, "'", "''")+`', current_schema()); END $$`)
	return list, sum
}

func walledTables() []string {
	names := make([]string, len(walled))
	for i, w := range walled {
		names[i] = w.table
	}
	return names
}

// sqlStands reports whether the wall is as it should be, and open to a role.
const sqlStands = `SELECT 1 FROM pg_policy WHERE polname = 'schedd_platform' AND polrelid = to_regclass('jobs') AND obj_description(oid, 'pg_policy') = $1::text
	AND (SELECT bool_and(has_table_privilege($2::text, to_regclass(t), 'SELECT')) FROM unnest($3::text[]) AS t) AND has_schema_privilege($2::text, current_schema()::text, 'USAGE')`

// raise makes the wall, unless it stands as this build makes it.
func (s *Store) raise(ctx context.Context, role string) error {
	if role == "" {
		return nil
	}
	if err := s.checkRole(ctx, role); err != nil {
		return err
	}
	statements, sum := wallStatements(pgx.Identifier{role}.Sanitize())
	stands := false
	look := func(t *tx) (err error) {
		stands, err = t.first(sqlStands, []any{sum, role, walledTables()}, func(*row) {})
		return err
	}
	err := s.read(ctx, look)
	if err == nil && !stands {
		err = s.write(ctx, func(t *tx) error {
			t.queue(`SELECT set_config('lock_timeout', '0', true)`)
			t.queue(`SELECT pg_advisory_xact_lock($1)`, int64(migrationLock)) // one node makes it, others find it
			if err := look(t); err != nil || stands {
				return err
			}
			for _, statement := range statements {
				t.queue(statement)
			}
			return t.flush()
		})
	}
	if sqlState(err) == "42501" {
		return &ServerError{"store.postgres.tenant_role: the wall must be made by the owner of the tables: " + err.Error()}
	}
	if err == nil {
		s.wall = role
	}
	return err
}

// checkRole refuses roles that are no wall: those that policies do not hold.
func (s *Store) checkRole(ctx context.Context, role string) error {
	refuse := func(format string, args ...any) error {
		return &ServerError{fmt.Sprintf("store.postgres.tenant_role: role %q ", role) + fmt.Sprintf(format, args...)}
	}
	var me string
	var bypasses, mine, owns bool
	found := false
	err := s.read(ctx, func(t *tx) (err error) {
		found, err = t.first(`SELECT current_user::text, r.rolsuper OR r.rolbypassrls, pg_has_role(current_user, r.oid, 'MEMBER'),
			EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = to_regclass('jobs') AND pg_has_role(r.oid, c.relowner, 'USAGE'))
			FROM pg_roles r WHERE r.rolname = $1::text`, []any{role}, func(r *row) {
			me, bypasses, mine, owns = r.Text(), r.Int() == 1, r.Int() == 1, r.Int() == 1
		})
		return err
	})
	switch {
	case err != nil:
		return openError(err)
	case !found:
		return refuse("does not exist: CREATE ROLE %s NOLOGIN", pgx.Identifier{role}.Sanitize())
	case bypasses:
		return refuse("is a superuser or has BYPASSRLS: the server would hide nothing from it")
	case owns:
		return refuse("owns the tables, or belongs to who does: the server would hide nothing from it")
	case !mine:
		return refuse("cannot be taken by %s: GRANT %s TO %s", me, pgx.Identifier{role}.Sanitize(), pgx.Identifier{me}.Sanitize())
	}
	return nil
}
