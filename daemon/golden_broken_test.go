package daemon_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// spoil changes the file by hand while the store is closed.
func (s *shelf) spoil(statement string, args ...any) {
	s.Helper()
	if err := s.store.Close(); err != nil {
		s.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+s.path)
	if err != nil {
		s.Fatal(err)
	}
	result, err := db.Exec(statement, args...)
	if err != nil {
		s.Fatal(err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		s.Fatalf("%s changed %d rows (%v)", statement, n, err)
	}
	if err := db.Close(); err != nil {
		s.Fatal(err)
	}
	s.open()
}

// TestGoldenBrokenJob is F49 and F50: a job whose definition cannot be read is set
// aside without harm to others. Its books balance while it is and after it was
// mended; slots of the time in between are not due.
func TestGoldenBrokenJob(t *testing.T) {
	t.Parallel()
	for name, breakIt := range map[string]string{
		"zone that is gone":     `UPDATE jobs SET spec = CAST(json_set(spec, '$.timezone', 'Mars/Olympus') AS BLOB) WHERE name = 'bad'`,
		"schedule of nonsense":  `UPDATE jobs SET spec = CAST(json_set(spec, '$.schedule', 'whenever') AS BLOB) WHERE name = 'bad'`,
		"definition of rubbish": `UPDATE jobs SET spec = CAST('{' AS BLOB) WHERE name = 'bad'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t, outageStart)
			minutely := func(spec *job.Spec) {
				spec.Schedule, spec.Overlap, spec.Concurrency = "* * * * *", job.OverlapAllow, 1000
			}
			bad, good := s.create("bad", minutely), s.create("good", minutely)
			s.now = outageStart.Add(time.Minute)
			s.plan()
			s.spoil(breakIt)
			s.now = outageStart.Add(4 * time.Minute)
			if p := s.plan(); p.Broken != 1 || p.Jobs == 0 {
				t.Errorf("the plan put %d jobs into error, want 1", p.Broken)
			}
			s.wantRows(good.ID, []rows{
				one("run", "2026-01-05T12:00:00Z"), one("missed", "2026-01-05T12:01:00Z"), one("caught up", "2026-01-05T12:02:00Z"), one("run", "2026-01-05T12:03:00Z"),
			}, "2026-01-05T12:04:00Z")
			if name == "definition of rubbish" {
				return
			}
			if a := s.audit(bad.ID); !a.Balanced() {
				t.Errorf("the job in error has %d faults, want none:%s", a.Faults, findings(a))
			}
			s.now = outageStart.Add(10 * time.Minute)
			s.mustChange(bad.ID, job.Patch(s.act(), func(spec *job.Spec) error { spec.Schedule, spec.Timezone = "* * * * *", "UTC"; return nil }))
			s.now = outageStart.Add(12*time.Minute + 30*time.Second)
			s.plan()
			if a := s.audit(bad.ID); !a.Balanced() {
				t.Errorf("the mended job has %d faults, want none:%s", a.Faults, findings(a))
			}
			if j := s.job(bad.ID); j.Status != job.JobActive || j.NextRun == nil {
				t.Errorf("the mended job is %s with next_run %v", j.Status, j.NextRun)
			}
		})
	}
}

// TestGoldenPauseHoldsWhatWaits is C11: after a pause nothing of the job is given to a
// worker, neither what was ready nor what waits for its turn; after the resume it is.
func TestGoldenPauseHoldsWhatWaits(t *testing.T) {
	t.Parallel()
	s := newShelf(t, outageStart)
	session := s.session(1)
	j := s.create("queue", func(spec *job.Spec) { spec.Schedule, spec.Overlap = "* * * * * *", job.OverlapQueueAll })
	s.now = outageStart.Add(4 * time.Second)
	s.plan()
	first := s.claim(session)
	if len(first) != 1 {
		t.Fatalf("%d executions run, want one", len(first))
	}
	s.mustChange(j.ID, job.Pause(s.act(), "", false))
	s.now = s.now.Add(time.Second)
	s.settle(session, first, job.EventSucceed)
	s.now = s.now.Add(time.Second)
	if got := s.claim(session); len(got) != 0 {
		t.Errorf("%d executions of the paused job were claimed", len(got))
		s.settle(session, got, job.EventSucceed)
	}
	s.mustChange(j.ID, job.Resume(s.act(), job.CatchUpNone))
	s.runAll(session, job.EventSucceed)
	for _, e := range s.executions(j.ID) {
		if e.Status != job.Success {
			t.Errorf("slot %s is %s after the resume, want success", e.ScheduledAt.Format(time.RFC3339), e.Status)
		}
	}
	if a := s.audit(j.ID); !a.Balanced() {
		t.Errorf("%d faults%s", a.Faults, findings(a))
	}
}
