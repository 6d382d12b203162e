package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/postgres"
	"github.com/agentic-sdlc/scheduler/store/storetest"
)

// TestWall: statements that forget the platform, run as what is read for one platform is
// run, are shown nothing of others.
func TestWall(t *testing.T) {
	t.Parallel()
	url := walled(t)
	s := open(t, postgres.Options{URL: url, TenantRole: tenants})
	storetest.NewLife(t, s)
	conn := connect(t, url)
	own := strs(t, conn, `SELECT platform FROM jobs GROUP BY platform ORDER BY count(*) DESC LIMIT 1`)[0]
	anybodys := []string{"sessions", "drains", "claims", "counter_deltas", "meta"} // no data of platforms
	shown := 0
	for _, table := range strs(t, conn, sqlTables) {
		all := "SELECT 1 FROM " + table
		total := len(strs(t, conn, "SELECT '' FROM "+table))
		if !slices.Contains(postgres.WalledTables(), table) {
			if n, err := postgres.Behind(t.Context(), s, own, all); err == nil {
				t.Errorf("%s is read behind the wall: %d rows, want an error", table, n)
			}
			continue
		}
		for _, platform := range []string{"nobody", "", "%", "'; --", own + " ", strings.ToUpper(own)} {
			n, err := postgres.Behind(t.Context(), s, platform, all)
			if table == "holds" { // those of all platforms are everybody's
				n -= len(strs(t, conn, "SELECT '' FROM holds WHERE platform = ''"))
			}
			if err != nil || n != 0 && !slices.Contains(anybodys, table) {
				t.Errorf("platform %q sees %d rows of %s, %v; want none", platform, n, table, err)
			}
		}
		n, err := postgres.Behind(t.Context(), s, own, all)
		if err != nil || n > total || n == 0 && total > 1 && table != "agent_tasks" {
			t.Errorf("its platform sees %d of %d rows of %s, %v", n, total, table, err)
		}
		if n > 0 && n < total || slices.Contains(anybodys, table) {
			shown++
		}
	}
	if shown == 0 {
		t.Error("no table has rows of several platforms: nothing was tried")
	}
	t.Logf("accept: %d tables, read by statements that name no platform: rows of others 0", len(postgres.WalledTables())-len(anybodys))
	for _, statement := range []string{"DELETE FROM jobs", "UPDATE jobs SET name = name", "INSERT INTO meta VALUES ('a', 'b')", "TRUNCATE jobs", "SELECT pg_read_file('/etc/hostname')"} {
		if _, err := postgres.Behind(t.Context(), s, own, statement); err == nil {
			t.Errorf("%s was done behind the wall", statement)
		}
	}
}

// TestForgetfulReads calls every read of package reads as one that forgets the platform.
func TestForgetfulReads(t *testing.T) {
	t.Parallel()
	url := walled(t)
	s := open(t, postgres.Options{URL: url, TenantRole: tenants})
	storetest.NewLife(t, s)
	conn := connect(t, url)
	one := func(query string, args ...any) string {
		t.Helper()
		found := strs(t, conn, query+" ORDER BY 1 LIMIT 1", args...)
		if len(found) == 0 {
			t.Fatalf("the life has nothing of %s", query)
		}
		return found[0]
	}
	own := one(`SELECT platform FROM jobs j JOIN revisions r ON r.job = j.seq`)
	name := one(`SELECT j.name FROM jobs j JOIN revisions r ON r.job = j.seq WHERE platform = $1 AND deleted_at IS NULL`, own)
	run := one(`SELECT j.name || '/' || e.n FROM executions e JOIN jobs j ON j.seq = e.job JOIN logs l ON l.k = e.k WHERE platform = $1 AND deleted_at IS NULL`, own)
	token, agent, flow := one(`SELECT id FROM tokens WHERE platform = $1`, own), one(`SELECT name FROM agents WHERE platform = $1`, own), one(`SELECT name FROM workflows WHERE platform = $1 AND live = 1`, own)
	var entry int64
	if _, err := fmt.Sscan(one(`SELECT seq::text FROM audit WHERE platform = $1`, own), &entry); err != nil {
		t.Fatal(err)
	}
	ctx, soon := t.Context(), storetest.Base.AddDate(1, 0, 0)
	any := store.AnyPlatform
	empty := func(n int, err error) error {
		if err == nil && n == 0 {
			return job.Errorf(job.NotFound, "nothing")
		}
		return err
	}
	calls := map[string]func(r *reads.Reader) error{
		"Job": func(r *reads.Reader) error { _, err := r.Job(ctx, any, name); return err },
		"ListJobs": func(r *reads.Reader) error {
			p, err := r.ListJobs(ctx, store.JobFilter{Platform: any})
			return empty(len(p.Items), err)
		},
		"Execution": func(r *reads.Reader) error { _, err := r.Execution(ctx, any, run); return err },
		"ListExecutions": func(r *reads.Reader) error {
			p, err := r.ListExecutions(ctx, store.ExecutionFilter{Platform: any})
			return empty(len(p.Items), err)
		},
		"ListLogs": func(r *reads.Reader) error {
			l, err := r.ListLogs(ctx, store.LogFilter{Platform: any, Ref: run})
			return empty(len(l), err)
		},
		"Book": func(r *reads.Reader) error { _, err := r.Book(ctx, any, name); return err },
		"Entries": func(r *reads.Reader) error {
			return r.Entries(ctx, any, name, time.Time{}, soon, func(store.Entry) error { return nil })
		},
		"Revisions":  func(r *reads.Reader) error { l, err := r.Revisions(ctx, any, name, 0, 9); return empty(len(l), err) },
		"JobFigures": func(r *reads.Reader) error { _, err := r.JobFigures(ctx, any, name, time.Time{}); return err },
		"Tally": func(r *reads.Reader) error {
			sum, err := r.Tally(ctx, store.TallyOf{Platform: own, From: storetest.Base.AddDate(-1, 0, 0), To: soon, Hours: true})
			return empty(int(sum.Success+sum.Failed), err)
		},
		"Totals": func(r *reads.Reader) error {
			sum, err := r.Totals(ctx, any, soon)
			return empty(int(sum.Dead+sum.Waiting+sum.Delayed), err)
		},
		"CountOld": func(r *reads.Reader) error {
			sum, err := r.CountOld(ctx, any, store.Retention{Success: 1, Failed: 1}, soon)
			return empty(int(sum.Executions), err)
		},
		"Token":     func(r *reads.Reader) error { _, err := r.Token(ctx, token); return err },
		"Agent":     func(r *reads.Reader) error { _, err := r.Agent(ctx, own, agent); return err },
		"Workflow":  func(r *reads.Reader) error { _, err := r.Workflow(ctx, own, flow, 0); return err },
		"FlowSteps": func(r *reads.Reader) error { _, err := r.FlowSteps(ctx, any, run); return err },
		"Platform":  func(r *reads.Reader) error { _, err := r.Platform(ctx, any, own); return err },
		"AuditEntry": func(r *reads.Reader) error {
			_, err := r.AuditEntry(ctx, any, entry)
			return err
		},
		"ListTokens":    func(r *reads.Reader) error { l, err := r.ListTokens(ctx, any); return empty(len(l), err) },
		"ListAgents":    func(r *reads.Reader) error { l, err := r.ListAgents(ctx, any, ""); return empty(len(l), err) },
		"ListWorkflows": func(r *reads.Reader) error { l, err := r.ListWorkflows(ctx, any, ""); return empty(len(l), err) },
		"ListPlatforms": func(r *reads.Reader) error {
			l, err := r.ListPlatforms(ctx, store.PlatformFilter{Scope: any})
			return empty(len(l), err)
		},
		"ListAudit": func(r *reads.Reader) error {
			p, err := r.ListAudit(ctx, store.AuditFilter{Platform: any})
			return empty(len(p.Items), err)
		},
		"ListEvents": func(r *reads.Reader) error {
			p, err := r.ListEvents(ctx, store.EventFilter{Platform: any})
			return empty(len(p.Items), err)
		},
		"ListAlerts": func(r *reads.Reader) error {
			p, err := r.ListAlerts(ctx, store.AlertFilter{Platform: any})
			return empty(len(p.Items), err)
		},
	}
	// What concerns all platforms, and is read for nobody who is confined to one.
	for _, all := range []string{"ListSessions", "Holds", "PastHolds", "LogBytes", "PausesOver", "Aftermaths", "AlertFacts"} {
		calls[all] = nil
	}
	port := reflect.TypeFor[*reads.Reader]()
	for i := range port.NumMethod() {
		method := port.Method(i).Name
		call, known := calls[method]
		if delete(calls, method); !known {
			t.Errorf("%s is not tried", method)
		}
		if call == nil {
			continue
		}
		if err := call(postgres.Forgetful(s, "nobody")); job.CodeOf(err) != job.NotFound {
			t.Errorf("%s behind the wall of nobody = %v, want not_found", method, err)
		}
		if err := call(postgres.Forgetful(s, own)); err != nil {
			t.Errorf("%s behind the wall of its platform = %v, want no error", method, err)
		}
	}
	for method := range calls {
		t.Errorf("there is no %s", method)
	}
	for platform, want := range map[string]job.Code{"nobody": job.NotFound, own: ""} {
		role, err := postgres.FindWithin(ctx, s, platform, name)
		if job.CodeOf(err) != want || role != strs(t, conn, `SELECT current_user::text`)[0] {
			t.Errorf("a change for %s finds %v, and goes on as %q", platform, err, role)
		}
	}
}

// TestWallRefusesRoles that the server would hide nothing from, and takes the wall of an
// owner who is no superuser.
func TestWallRefusesRoles(t *testing.T) {
	t.Parallel()
	url := database(t, true)
	db := name(url)
	exec(t, url, `CREATE ROLE owner_`+db+` LOGIN`, `GRANT ALL ON SCHEMA public TO owner_`+db, `CREATE ROLE member_`+db+` ROLE owner_`+db, `CREATE ROLE strange_`+db,
		`CREATE ROLE high_`+db+` BYPASSRLS ROLE owner_`+db, `CREATE ROLE group_`+db, `GRANT owner_`+db+` TO group_`+db)
	t.Cleanup(func() {
		exec(t, url, `DROP OWNED BY member_`+db, `DROP OWNED BY owner_`+db, `DROP ROLE member_`+db, `DROP ROLE strange_`+db, `DROP ROLE high_`+db, `DROP ROLE group_`+db, `DROP ROLE owner_`+db)
	})
	as := strings.Replace(url, url[len("postgres://"):strings.Index(url, "@")], "owner_"+db, 1)
	for role, want := range map[string]string{
		"strange_" + db: "GRANT", "high_" + db: "BYPASSRLS", "absent": "CREATE ROLE", "owner_" + db: "owns", "group_" + db: "owns", `a"b`: `"a""b"`,
	} {
		_, err := postgres.Open(context.Background(), postgres.Options{URL: as, Instance: "x", TenantRole: role})
		if refusal, ok := errors.AsType[*postgres.ServerError](err); !ok || !strings.Contains(refusal.Error(), want) {
			t.Errorf("Open with the role %s = %v, want a refusal with %q", role, err, want)
		}
	}
	for range 2 { // the second finds it as it is
		s := open(t, postgres.Options{URL: as, TenantRole: "member_" + db, MaxConns: 1})
		if _, err := s.Job(t.Context(), "web", "x"); job.CodeOf(err) != job.NotFound {
			t.Errorf("Job = %v, want not_found", err)
		}
		if err := s.OpenSession(t.Context(), store.Session{ID: time.Now().UnixNano(), Node: "n", LeaseUntil: storetest.Base}); err != nil {
			t.Errorf("what is written on the same connection = %v", err)
		}
	}
}
