package stored_test

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// What follows is in databases: a test that fails here wants the code changed, not the
// test. Lists of codes may grow at their end.

func TestCodes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ got, want string }{
		"job types":    {fmt.Sprint(stored.JobTypes), "[cron one_time recurring event step]"},
		"job statuses": {fmt.Sprint(stored.JobStatuses), "[pending active paused completed failed cancelled error]"},
		"priorities":   {fmt.Sprint(stored.Priorities), "[low medium high critical]"},
		"statuses":     {fmt.Sprint(stored.Statuses), "[pending running success failed timeout cancelled skipped]"},
		"triggers":     {fmt.Sprint(stored.Triggers), "[schedule manual retry event backfill step]"},
		"reasons":      {fmt.Sprint(stored.Reasons), "[ missed overlap concurrency condition cancelled limit pruned]"},
		"levels":       {fmt.Sprint(stored.Levels), "[debug info warn error]"},
		"hold kinds":   {fmt.Sprint(stored.HoldKinds), "[dispatch maintenance]"},
		"flags":        {fmt.Sprint(stored.FlagCatchUp, stored.FlagDead, stored.FlagParked), "1 2 4"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s are %s, want %s", name, tt.got, tt.want)
		}
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC)
	id := job.ID{0x01, 0x9b, 15: 0xff}
	run := stored.Run{Job: 300, ID: id, Number: 7}
	const data = `{"version":1,"job_id":"019b0000-0000-0000-0000-0000000000ff","job_name":"a \"b\"","platform_id":"default"`
	const about = data + `,"execution_id":"019b0000-0000-0000-0000-0000000000ff","run_number":7`
	for _, tt := range []struct {
		pack       func(w *stored.Events)
		form       string
		name, data string
	}{
		{func(w *stored.Events) { w.Started(run, 2) }, "01d804019b00000000000000000000000000ff0e04", "scheduler:execution.started", about + `,"attempt":2}`},
		{func(w *stored.Events) { w.Completed(run, stored.Success, 1, 1500*time.Millisecond) }, "02d804019b00000000000000000000000000ff0e0202c08db701",
			"scheduler:execution.completed", about + `,"status":"success","attempt":1,"duration_ms":1500}`},
		{func(w *stored.Events) { w.Failed(run, 1, true, "no") }, "03d804019b00000000000000000000000000ff0e0201026e6f",
			"scheduler:execution.failed", about + `,"attempt":1,"will_retry":true,"error":"no"}`},
		{func(w *stored.Events) { w.Skipped(run, at, 2) }, "04d804019b00000000000000000000000000ff0e80e3ace7e0b4b00602",
			"scheduler:execution.skipped", about + `,"scheduled_at":"2026-11-22T01:02:03Z","reason":"overlap"}`},
		{func(w *stored.Events) {
			w.SkippedRange(300, &job.SkipRange{From: at, To: at.Add(time.Hour), Count: 60, Reason: job.SkipMissed})
		}, "05d80480e3ace7e0b4b00680f3c9d0fbb4b0067801",
			"scheduler:execution.skipped", data + `,"from":"2026-11-22T01:02:03Z","to":"2026-11-22T02:02:03Z","count":60,"reason":"missed"}`},
		{func(w *stored.Events) { w.Job(300, "scheduler:job.updated", `{"a":1}`) }, "06d804157363686564756c65723a6a6f622e75706461746564077b2261223a317d",
			"scheduler:job.updated", data + `,"changes":{"a":1}}`},
	} {
		var w stored.Events
		tt.pack(&w)
		b := w.Take()
		if got := hex.EncodeToString(b); got != tt.form {
			t.Errorf("%s is packed as\n%s, want\n%s", tt.name, got, tt.form)
		}
		r := stored.Reader{Subject: func(seq int64) (stored.Subject, bool, error) {
			return stored.Subject{ID: id, Name: `a "b"`, Platform: "default"}, seq == 300, nil
		}}
		row := store.OutboxRow{Position: 9, At: at}
		if err := r.Read(b, &row); err != nil || len(row.Events) != 1 {
			t.Fatalf("Read = %d events, %v; want one", len(row.Events), err)
		}
		if e := row.Events[0]; e.Name != tt.name || string(e.Data) != tt.data || e.ID != store.EventID(at, 9, 0) || e.JobID != id {
			t.Errorf("Read = %s %s %s, want %s %s", e.ID, e.Name, e.Data, tt.name, tt.data)
		}
	}
}

func TestDeltas(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC)
	var d stored.Deltas
	d.Add(&stored.End{Job: 1, Status: stored.Success, Started: at, Ended: at.Add(time.Millisecond)})
	d.Add(&stored.End{Job: 300, Status: stored.Cancelled, Ended: at})
	d.Add(&stored.End{Job: 300, Status: stored.Failed, Started: at, Ended: at, Class: "exit", Message: "exit status 3"})
	d.Add(&stored.End{Job: 300, Status: stored.Timeout, Started: at, Ended: at, Class: "exit", Message: "exit status 3"})
	d.AddSkips(300, 60, 1, at)
	b := d.Take()
	if got, want := hex.EncodeToString(b), packedDeltas; got != want {
		t.Errorf("deltas are packed as %s, want %s", got, want)
	}
	var all []stored.Delta
	stored.EachDelta(b, func(d *stored.Delta) { all = append(all, *d) })
	us := at.UnixMicro()
	if want := []stored.Delta{
		{Job: 1, Status: stored.Success, TookUS: 1000, StartedUS: us, EndedUS: us + 1000},
		{Job: 300, Status: stored.Cancelled, EndedUS: us},
		{Job: 300, Status: stored.Failed, StartedUS: us, EndedUS: us, Class: "exit", Pattern: "exit status 3"},
		{Job: 300, Status: stored.Timeout, StartedUS: us, EndedUS: us, Class: "exit", Pattern: "exit status 3"},
		{Job: 300, Status: stored.Skipped, EndedUS: us, N: 60, Reason: 1},
	}; !reflect.DeepEqual(all, want) {
		t.Errorf("EachDelta = %+v, want %+v", all, want)
	}
	sums := map[int64]*stored.Figures{1: {Success: 4}}
	stored.Sum(b, sums)
	want := stored.Figures{Success: 5, DurationUS: 1000, LastStatus: stored.Success, LastRun: at.UnixMicro()}
	if len(sums) != 1 || *sums[1] != want {
		t.Errorf("the figures of job 1 are %+v, want %+v", sums[1], want)
	}
	for cut := range b { // what is cut short is no panic
		stored.Sum(b[:cut], sums)
	}
}

const packedDeltas = "01d0f2ace7e0b4b006120200d00f05d804cf0f0033d804cf0f000004657869740d6578697420737461747573203334d804cf0f000006d804cf0f7801"

// TestOldDeltas reads what schemas before there were sums by time left behind.
func TestOldDeltas(t *testing.T) {
	t.Parallel()
	b, err := hex.DecodeString("0202d00f80e3ace7e0b4b006d804050000")
	if err != nil {
		t.Fatal(err)
	}
	us := time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC).UnixMicro()
	var all []stored.Delta
	stored.EachDelta(b, func(d *stored.Delta) { all = append(all, *d) })
	if want := []stored.Delta{
		{Job: 1, Status: stored.Success, TookUS: 1000, StartedUS: us, EndedUS: us + 1000},
		{Job: 300, Status: stored.Cancelled},
	}; !reflect.DeepEqual(all, want) {
		t.Errorf("EachDelta = %+v, want %+v", all, want)
	}
	for cut := range b {
		stored.EachDelta(b[:cut], func(*stored.Delta) {})
	}
}

func TestTally(t *testing.T) {
	t.Parallel()
	var tally job.Tally
	tally.Add(job.Success, 1500*time.Microsecond)
	tally.Add(job.Success, time.Second)
	tally.Add(job.Failed, 0)
	tally.AddSkips(job.SkipMissed, 7)
	tally.Starts.Add(-2, 1)
	tally.Starts.Add(3, 5)
	b := stored.PackTally(&tally)
	if got := hex.EncodeToString(b); got != packedTally {
		t.Errorf("a tally is packed as %s, want %s", got, packedTally)
	}
	var back, later job.Tally
	stored.MergeTally(&back, b, 0)
	if !reflect.DeepEqual(back, tally) {
		t.Errorf("MergeTally = %+v, want %+v", back, tally)
	}
	stored.MergeTally(&later, b, 4)
	if want := (job.Sparse{{At: 2, N: 1}, {At: 7, N: 5}}); !reflect.DeepEqual(later.Starts, want) {
		t.Errorf("starts an hour later = %v, want %v", later.Starts, want)
	}
	for cut := range b {
		stored.MergeTally(&back, b[:cut], 0)
	}
}

const packedTally = "040200000e0e04b8a07ab81780897a048601029801020403020a0a"

func TestKeys(t *testing.T) {
	t.Parallel()
	keys := []int64{1, 1 << 40}
	b := stored.PackKeys(keys)
	if got, want := hex.EncodeToString(b), "00000000000000010000010000000000"; got != want {
		t.Errorf("keys are packed as %s, want %s", got, want)
	}
	for _, tt := range []struct {
		column any
		want   []int64
	}{{nil, nil}, {int64(5), []int64{5}}, {b, keys}} {
		if got := stored.Keys(tt.column); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("Keys(%v) = %v, want %v", tt.column, got, tt.want)
		}
	}
	id := job.ID{0: 1, 7: 2, 8: 3, 15: 4}
	if k, lo := stored.KeyOf(id); k != 1<<56+2 || lo != 3<<56+4 || stored.IDOf(k, lo) != id {
		t.Errorf("KeyOf = %x, %x, and back %s", k, lo, stored.IDOf(k, lo))
	}
}
