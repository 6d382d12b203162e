package chaos

import "slices"

// bad are made-up histories with one fault each: a good one, and what spoils it. The
// name begins with the invariant that must flag it.
var bad = map[string]struct {
	from  func() *tale
	spoil func(t *tale)
}{
	"C1-dropped-run":   {plain, func(t *tale) { t.drop("a-4") }},
	"C1-dropped-range": {catchUp, func(t *tale) { t.jobOf("b").Skipped = 0; t.Ranges = nil }},
	"C1-range-and-row": {catchUp, func(t *tale) { t.Ranges[0].From = at(18_000) }},
	"C1-early":         {plain, func(t *tale) { t.rowOf("a-4").Created = at(3999) }},
	"C1-early-start":   {plain, func(t *tale) { t.markOf("a-4", "start", 1).At = at(3999) }},
	"C1-not-due":       {limits, func(t *tale) { t.rowOf("a-6").Slot = at(5000) }},
	"C1-skipped-for-fun": {changes, func(t *tale) {
		t.drop("a-15")
		t.row("a", 15, "skipped")
		t.again()
	}},
	"C1-missed-too-soon": {catchUp, func(t *tale) { t.rowOf("a-60").Created = at(61_000) }},
	"C1-after-cancel":    {changes, func(t *tale) { t.run("a", 18); t.again() }},
	"C1-audit":           {plain, func(t *tale) { t.Audits = append(t.Audits, Audit{"a", "slot 4 has no record"}) }},
	"C2-double":          {plain, func(t *tale) { t.run("a", 4).ID = "a-4b"; t.Marks = t.Marks[:len(t.Marks)-2]; t.markLast(); t.again() }},
	"C2-no-row":          {plain, func(t *tale) { t.markOf("a-4", "start", 1).Execution = "x" }},
	"C2-row-without-job": {plain, func(t *tale) { t.rowOf("a-4").Job = "z" }},
	"C2-attempt-no-row":  {losses, func(t *tale) { t.rowOf("a-10").Attempts, t.rowOf("a-10").Attempt = nil, 0 }},
	"C2-other-slot":      {plain, func(t *tale) { t.markOf("a-4", "start", 1).Slot = at(5000) }},
	"C3-overlap-1ms":     {plain, func(t *tale) { t.rowOf("a-4").Attempts[0].Completed = at(5006) }},
	"C3-witness-overlap": {plain, func(t *tale) { t.markOf("a-4", "end", 1).At = at(5050); t.sortMarks() }},
	"C3-goes-on":         {fence, func(t *tale) { t.addMark("end", "a-5", 1, 10_090); t.dropMark("a-5", "end", 1) }},
	"C4-concurrency": {parallel, func(t *tale) {
		r := t.rowOf("a-4")
		r.Attempts[0].Started = at(4000)
		t.rowOf("a-5").Slot = at(5000)
		t.rowOf("a-1").Attempts[0].Completed = at(4400)
	}},
	"C4-slots":             {plain, func(t *tale) { t.Profile.Slots = 1 }},
	"C5-extra-retry":       {retries, func(t *tale) { t.Calls[0].Spec.Retries = 0 }},
	"C5-too-soon":          {retries, func(t *tale) { t.rowOf("a-3").Attempts[1].Started = at(3299) }},
	"C5-lost-again":        {losses, func(t *tale) { t.Calls[0].Spec.OnLost = "fail" }},
	"C6-one-more":          {limits, func(t *tale) { t.run("a", 10); t.again() }},
	"C6-one-less":          {limits, func(t *tale) { t.drop("a-8"); t.again() }},
	"C6-not-completed":     {limits, func(t *tale) { t.jobOf("a").Status = "active" }},
	"C7-running":           {plain, func(t *tale) { t.rowOf("a-4").Status = "running"; t.again() }},
	"C7-pending":           {losses, func(t *tale) { t.rowOf("a-5").Status = "pending"; t.again() }},
	"C8-plus-one":          {plain, func(t *tale) { t.jobOf("a").Success++ }},
	"C8-minus-one":         {retries, func(t *tale) { t.jobOf("a").Failure-- }},
	"C8-skipped":           {plain, func(t *tale) { t.jobOf("b").Skipped = 0 }},
	"C9-zombie-overwrite":  {fence, func(t *tale) { t.rowOf("a-5").Token = 1 }},
	"C9-nobody-refused":    {fence, func(t *tale) { t.Refused = nil }},
	"C9-token-not-rising":  {losses, func(t *tale) { t.markOf("a-5", "start", 2).Token = 1 }},
	"C9-token-falls":       {fence, func(t *tale) { t.markOf("a-5", "start", 1).Token = 3 }},
	"C9-success-unproved":  {plain, func(t *tale) { t.dropMark("a-4", "end", 1) }},
	"C10-skipped-ran":      {plain, func(t *tale) { t.addMark("start", "b-6", 1, 6010) }},
	"C10-after-success":    {retries, func(t *tale) { t.rowOf("a-3").Attempts[0].Status = "success" }},
	"C10-nobody-cancelled": {plain, func(t *tale) { t.rowOf("a-4").Status = "cancelled"; t.again() }},
	"C10-given-up":         {losses, func(t *tale) { r := t.rowOf("a-5"); r.Status, r.Class = "failed", "worker_lost"; t.again() }},
	"C10-lost-for-fun":     {losses, func(t *tale) { t.Faults = nil; t.Profile.LateMaxMS = 0 }},
	"C10-retry-of-success": {retries, func(t *tale) { t.rowOf("again").RetryOf = "a-3"; t.Calls[1].Of = "a-3" }},
	"C10-gave-up-early":    {retries, func(t *tale) { t.Calls[0].Spec.Retries = 3 }},
	"C11-late-after-pause": {changes, func(t *tale) {
		t.rowOf("a-3").Attempts[0].Started = at(4600)
		t.rowOf("a-3").Attempts[0].Completed = at(4700)
	}},
	"C11-after-cancel": {changes, func(t *tale) {
		r := t.rowOf("a-15")
		r.Attempts[0].Started, r.Attempts[0].Completed = at(17_100), at(17_200)
	}},
	"C12-slot-of-pause":    {changes, func(t *tale) { t.run("a", 5).Created = at(6600); t.again() }},
	"C13-lost-creation":    {plain, func(t *tale) { t.forget("a") }},
	"C13-lost-pause":       {unknown, func(t *tale) { t.jobOf("a").Status = "active" }},
	"C13-lost-edit":        {changes, func(t *tale) { t.jobOf("a").Schedule = "* * * * * *" }},
	"C13-lost-run":         {changes, func(t *tale) { t.drop("by-hand"); t.again() }},
	"C13-refused-run":      {changes, func(t *tale) { t.Calls = slices.DeleteFunc(t.Calls, func(c Call) bool { return c.Op == "run" }) }},
	"C13-refused-creation": {plain, func(t *tale) { t.Calls[0].Answer = Fail }},
	"C13-key-made-two": {changes, func(t *tale) {
		t.call("run", "a", 12_050, func(c *Call) { c.Execution, c.Key = "a-15", "k1" })
	}},
	"C13-stale-read": {changes, func(t *tale) {
		t.call("read", "a", 8000, func(c *Call) { c.Status, c.Schedule = "paused", "* * * * * *" })
	}},
	"C14-late": {plain, func(t *tale) {
		r := t.rowOf("a-11")
		r.Attempts[0].Started, r.Attempts[0].Completed = at(13_100), at(13_200)
		t.markOf("a-11", "start", 1).At, t.markOf("a-11", "end", 1).At = at(13_101), at(13_150)
		t.Profile.Until = at(14_000)
		t.runs("a", 12, 13)
		t.runs("b", 12, 13)
		r = t.rowOf("a-12")
		r.Attempts[0].Started, r.Attempts[0].Completed = at(13_300), at(13_301)
		r = t.rowOf("a-13")
		r.Attempts[0].Started, r.Attempts[0].Completed = at(13_400), at(13_401)
		t.again()
	}},
	"C14-backlog": {losses, func(t *tale) {
		r := t.rowOf("a-15")
		r.Attempts[0].Started, r.Attempts[0].Completed = at(40_000), at(40_100)
		t.Profile.HealMS, t.Profile.Until = 5000, at(18_000)
	}},
	"C15-cross-tenant-line": {plain, func(t *tale) { t.markOf("b-4", "start", 1).Platform = "" }},
	"C15-cross-tenant-row":  {plain, func(t *tale) { t.rowOf("b-4").Platform = "other" }},
	"C15-job-elsewhere":     {plain, func(t *tale) { t.jobOf("b").Platform = "" }},
	"C16-leak":              {timetable, func(t *tale) { t.Usage[2].Counts["fds"] = 120 }},
	"C16-zombie":            {timetable, func(t *tale) { t.Usage[2].Counts["zombies"] = 1 }},
}

// again counts anew, so that only one thing is wrong.
func (t *tale) again() {
	for i := range t.Jobs {
		j := &t.Jobs[i]
		j.Executions, j.Success, j.Failure, j.Skipped = 0, 0, 0, 0
	}
	t.done()
}

// drop removes a row with all that was seen of it.
func (t *tale) drop(id string) {
	t.Rows = slices.DeleteFunc(t.Rows, func(r Row) bool { return r.ID == id })
	t.Marks = slices.DeleteFunc(t.Marks, func(m Mark) bool { return m.Execution == id })
	t.again()
}

// forget removes a job with all that was seen of it, but for the calls.
func (t *tale) forget(name string) {
	t.Jobs = slices.DeleteFunc(t.Jobs, func(j Job) bool { return j.Name == name })
	t.Rows = slices.DeleteFunc(t.Rows, func(r Row) bool { return r.Job == name })
	t.Marks = slices.DeleteFunc(t.Marks, func(m Mark) bool { return m.Job == name })
}

func (t *tale) dropMark(id, kind string, token int64) {
	i := slices.IndexFunc(t.Marks, func(m Mark) bool { return m.Execution == id && m.Kind == kind && m.Token == token })
	t.Marks = slices.Delete(t.Marks, i, i+1)
}

func (t *tale) addMark(kind, id string, token int64, ms int) {
	r := t.rowOf(id)
	t.Marks = append(t.Marks, Mark{Kind: kind, Execution: id, Job: r.Job, Platform: r.Platform, Slot: r.Slot, Attempt: int(token), Token: token, At: at(ms), OK: kind == "end"})
}

// markLast adds what the witness saw of the newest row, under the id that it has now.
func (t *tale) markLast() {
	r := &t.Rows[len(t.Rows)-1]
	t.addMark("start", r.ID, 1, 4300)
	t.addMark("end", r.ID, 1, 4400)
	r.Attempts[0].Started, r.Attempts[0].Completed = at(4299), at(4401)
}

func (t *tale) sortMarks() {
	slices.SortStableFunc(t.Marks, func(a, b Mark) int { return a.At.Compare(b.At) })
}
