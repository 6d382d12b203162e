package postgres_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/postgres"
)

// BenchmarkWall reads for one of 100 platforms, each with 200 jobs, 2 000 executions and
// 1 000 lines of one of them, with the wall and without.
func BenchmarkWall(b *testing.B) {
	url := walled(b)
	plain, behind := open(b, postgres.Options{URL: url, ExecMode: "cache_statement"}), open(b, postgres.Options{URL: url, TenantRole: tenants})
	r := newRig(b, plain, 1)
	r.copies(url, 20_000)
	exec(b, url, `UPDATE jobs SET platform = 'p' || seq % 100`,
		`INSERT INTO platforms (slug) SELECT 'p' || g FROM generate_series(0, 99) g`,
		`INSERT INTO executions (k, lo, job, n, at, revision, created_at, trigger, status, started_at, finished_at, attempt, token)
			SELECT 1000000 + g, -9000000000000000000 + g, 1 + g % 20000, 1 + g / 20000, g * 1000000::bigint, 1, g * 1000000::bigint, 1, 2, g * 1000000::bigint, g * 1000000::bigint + 5000, 1, 1 FROM generate_series(0, 199999) g`,
		`INSERT INTO execution_results (k, result) SELECT k, '{"ok":true}'::bytea FROM executions WHERE status = 2`,
		`INSERT INTO logs (k, seq, at, attempt, level, stream, message) SELECT 1000006, g, g, 1, 1, 'stdout', 'line ' || g FROM generate_series(1, 1000) g`, `ANALYZE`)
	// Key 1000006 is of job 7, copy7 of p7, run 1.
	ctx := context.Background()
	for _, op := range []struct {
		name string
		do   func(s *postgres.Store) error
	}{
		{"job by name", func(s *postgres.Store) error { _, err := s.Job(ctx, "p7", "copy7"); return err }},
		{"50 jobs", func(s *postgres.Store) error {
			_, err := s.ListJobs(ctx, store.JobFilter{Platform: "p7", Limit: 50})
			return err
		}},
		{"execution by name", func(s *postgres.Store) error { _, err := s.Execution(ctx, "p7", "copy7/1"); return err }},
		{"50 executions of all jobs", func(s *postgres.Store) error {
			_, err := s.ListExecutions(ctx, store.ExecutionFilter{Platform: "p7", Limit: 50})
			return err
		}},
		{"2000 executions counted", func(s *postgres.Store) error {
			_, err := s.ListExecutions(ctx, store.ExecutionFilter{Platform: "p7", Limit: 50, WithTotal: true})
			return err
		}},
		{"1000 log lines", func(s *postgres.Store) error {
			lines, err := s.ListLogs(ctx, store.LogFilter{Platform: "p7", Ref: "copy7/1", Limit: 1000})
			if err == nil && len(lines) < 999 {
				b.Fatalf("%d lines", len(lines))
			}
			return err
		}},
		{"change of a job", func(s *postgres.Store) error {
			_, err := s.ChangeJob(ctx, store.ChangeJob{Platform: "p1", Ref: "job0", Now: r.now, By: "x", NewID: r.newID, Change: func(j job.Job, st job.State) (job.Changed, error) {
				return job.Changed{Job: j, NextRun: st.NextRun}, nil
			}})
			return err
		}},
	} {
		b.Run(op.name, func(b *testing.B) {
			spent := map[string]time.Duration{}
			for b.Loop() {
				for name, s := range map[string]*postgres.Store{"plain": plain, "walled": behind} {
					began := time.Now()
					if err := op.do(s); err != nil {
						b.Fatal(err)
					}
					spent[name] += time.Since(began)
				}
			}
			for name, d := range spent {
				b.ReportMetric(float64(d.Microseconds())/float64(b.N), name+"-us/op")
			}
		})
	}
}

// BenchmarkWallOfHotPaths plans, claims and settles without a wall, beside one, and behind
// policies that let everything pass: what it would cost if these were held to policies too.
func BenchmarkWallOfHotPaths(b *testing.B) {
	const batch, jobs = 1000, 10_000
	rigs, spent, names := map[string]*rig{}, map[string]time.Duration{}, []string{"none", "beside", "behind"}
	for _, kind := range names {
		url := walled(b)
		o := postgres.Options{URL: url, TenantRole: tenants}
		switch kind {
		case "none":
			o = postgres.Options{URL: database(b, false)}
		case "behind":
			hot := "hot_" + name(url)
			exec(b, url, `CREATE ROLE `+hot+` LOGIN`, `GRANT ALL ON ALL TABLES IN SCHEMA public TO `+hot, `GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO `+hot)
			b.Cleanup(func() { exec(b, url, `DROP OWNED BY `+hot, `DROP ROLE `+hot) })
			for _, table := range postgres.WalledTables() {
				exec(b, url, `CREATE POLICY engine ON `+table+` TO `+hot+` USING (coalesce(current_setting('schedd.platform', true), '') = '')`)
			}
			o = postgres.Options{URL: strings.Replace(url, url[len("postgres://"):strings.Index(url, "@")], hot, 1)}
		}
		r := newRig(b, open(b, o), 1, func(j *job.Job) { j.Overlap, j.Concurrency, j.AllowOverlap = job.OverlapAllow, 1<<20, true })
		if kind == "none" {
			url = o.URL
		}
		r.copies(url, jobs)
		rigs[kind] = r
	}
	made := 0
	for b.Loop() {
		for _, name := range names {
			r := rigs[name]
			began := time.Now()
			r.plan(batch, false)
			r.settle(r.claim(r.waiting(batch)))
			spent[name] += time.Since(began)
		}
		if made += batch; made%jobs == 0 {
			for _, r := range rigs {
				r.now = r.now.Add(time.Second)
			}
		}
	}
	for _, name := range names {
		b.ReportMetric(float64(spent[name].Microseconds())/float64(b.N)/1000, name+"-ms/1000")
	}
}
