package chaos

import "time"

// good are made-up histories in which nothing is wrong.
var good = map[string]func() *tale{
	"plain":     plain,
	"retries":   retries,
	"losses":    losses,
	"fence":     fence,
	"drain":     drain,
	"catch-up":  catchUp,
	"changes":   changes,
	"limits":    limits,
	"unknown":   unknown,
	"parallel":  parallel,
	"timetable": timetable,
	"waiting":   waiting,
	"full":      full,
}

// plain is ten seconds of two jobs of two platforms; one slot is skipped for overlap.
func plain() *tale {
	t := newTale(12)
	t.job("a", Spec{})
	t.job("b", Spec{Platform: "acme"})
	t.runs("a", 1, 11)
	t.runs("b", 1, 4)
	t.row("b", 5, "success")
	t.try(5005, 6500, "success")
	t.row("b", 6, "skipped")
	t.runs("b", 7, 11)
	return t.done()
}

// retries is a job whose slots fail once, time out, and fail for good.
func retries() *tale {
	t := newTale(12)
	t.job("a", Spec{Type: "cron", Schedule: "*/3 * * * * *", Retries: 1, DelayMS: 200, Behaviour: "flaky"})
	t.row("a", 3, "success")
	t.try(3005, 3100, "failed")
	t.try(3310, 3400, "success")
	t.Rows[0].Retries = 1
	t.row("a", 6, "timeout")
	t.try(6005, 6305, "timeout")
	t.try(6510, 6810, "timeout")
	t.row("a", 9, "failed")
	t.try(9005, 9100, "failed")
	t.try(9310, 9400, "failed")
	r := t.row("a", 12, "failed") // asked for again by hand
	r.ID, r.Trigger, r.RetryOf, r.Status = "again", "retry", "a-9", "success"
	r.Slot, r.Created = at(10_050), at(10_050)
	t.try(10_055, 10_100, "success")
	t.call("retry", "a", 10_045, func(c *Call) { c.Execution, c.Of, c.Key = "again", "a-9", "k1" })
	return t.done()
}

// losses is two jobs on a node that was killed: one starts again, one must not.
func losses() *tale {
	t := newTale(16)
	t.job("a", Spec{Type: "cron", Schedule: "*/5 * * * * *", Retries: 2, OnLost: "retry"})
	t.job("b", Spec{Type: "cron", Schedule: "*/5 * * * * *", OnLost: "fail"})
	t.fault("kill", 5050, 7000)
	for _, job := range []string{"a", "b"} {
		t.row(job, 5, "success")
		t.try(5005, 7300, "lost")
		if job == "a" {
			t.try(7310, 7400, "success")
		} else {
			r := &t.Rows[len(t.Rows)-1]
			r.Status, r.Class = "failed", "worker_lost"
			r.Attempts[0].Status = "failed"
		}
		t.run(job, 10)
		t.run(job, 15)
	}
	return t.done()
}

// fence is a node that was paused beyond its lease while another took over: what it
// said afterwards was refused.
func fence() *tale {
	t := newTale(12)
	t.job("a", Spec{Type: "cron", Schedule: "*/5 * * * * *", Retries: 1, OnLost: "retry"})
	t.fault("pause", 5050, 9000)
	t.row("a", 5, "success")
	t.try(5005, 7600, "lost")
	t.try(7610, 8600, "success")
	t.mark("end", 9100, func(m *Mark) { m.Token, m.Attempt, m.OK = 1, 1, true })
	t.Refused = append(t.Refused, Refusal{"a-5", 1})
	t.run("a", 10)
	return t.done()
}

// drain is a node that was stopped in an orderly way and handed its work back.
func drain() *tale {
	t := newTale(12)
	t.job("a", Spec{Type: "cron", Schedule: "*/5 * * * * *", OnLost: "retry"})
	t.fault("stop", 5050, 6000)
	t.row("a", 5, "success")
	t.try(5005, 5500, "handed_back")
	t.try(5600, 5700, "success")
	t.Rows[0].Attempts[1].Node = "b"
	t.run("a", 10)
	return t.done()
}

// catchUp is an outage of all nodes: its slots ran late, or are in a range.
func catchUp() *tale {
	t := newTale(200)
	t.job("a", Spec{Type: "cron", Schedule: "0 * * * * *"})
	t.job("b", Spec{})
	t.fault("kill", 18_500, 190_500)
	late := func(job string, slot int, status, skip string) *Row {
		r := t.row(job, slot, status)
		r.Skip, r.Created, r.Completed = skip, at(190_000), at(190_000)
		return r
	}
	late("a", 60, "skipped", "missed")
	late("a", 120, "success", "").CatchUp = true
	t.try(190_005, 190_100, "success")
	late("a", 180, "skipped", "overlap")
	t.runs("b", 1, 18)
	t.Ranges = append(t.Ranges, Range{Job: "b", From: at(19_000), To: at(129_000), Count: 111})
	late("b", 130, "success", "").CatchUp = true
	t.try(190_005, 190_100, "success")
	for s := 131; s <= 190; s++ {
		late("b", s, "skipped", "overlap")
	}
	t.runs("b", 191, 199)
	return t.done()
}

// changes is a job that is paused, resumed, edited, run by hand and cancelled.
func changes() *tale {
	t := newTale(20)
	t.job("a", Spec{})
	t.runs("a", 1, 3)
	t.call("pause", "a", 3500, nil)
	t.call("read", "a", 4000, func(c *Call) { c.Status, c.Schedule = "paused", "* * * * * *" })
	t.call("resume", "a", 6500, nil)
	t.runs("a", 7, 9)
	t.call("edit", "a", 9500, func(c *Call) { c.Spec = &Spec{Schedule: "*/5 * * * * *"} })
	t.run("a", 10)
	t.call("run", "a", 12_000, func(c *Call) { c.Execution, c.Key = "by-hand", "k1" })
	r := t.row("a", 12, "success")
	r.ID, r.Trigger, r.Slot = "by-hand", "manual", at(12_003)
	r.Created = r.Slot
	t.try(12_005, 12_100, "success")
	t.run("a", 15)
	t.call("cancel", "a", 16_000, nil)
	t.call("pause", "a", 17_000, func(c *Call) { c.Answer, c.Code = Fail, "conflict" })
	t.jobOf("a").Status, t.jobOf("a").Schedule = "cancelled", "*/5 * * * * *"
	return t.done()
}

// limits is a job with three executions and a one-time job.
func limits() *tale {
	t := newTale(12)
	t.job("a", Spec{Type: "recurring", Schedule: "*/2 * * * * *", Limit: 3, Start: base})
	t.row("a", 2, "success")
	t.try(2005, 4100, "success")
	t.row("a", 4, "skipped")
	t.run("a", 6)
	t.run("a", 8)
	t.jobOf("a").Status = "completed"
	t.job("b", Spec{Type: "one_time", At: at(5000)})
	t.run("b", 5)
	t.jobOf("b").Status = "completed"
	return t.done()
}

// waiting is a run that found no worker before its job was paused, and started when it
// was resumed.
func waiting() *tale {
	t := newTale(64)
	t.job("a", Spec{Type: "cron", Schedule: "*/5 * * * * *"})
	t.row("a", 5, "success")
	t.try(60_300, 60_400, "success")
	t.call("pause", "a", 5100, nil)
	t.call("resume", "a", 60_100, nil)
	return t.done()
}

// full is a job whose runs wait for the only slot, which another's has.
func full() *tale {
	t := newTale(30)
	t.Profile.Slots = 1
	t.job("a", Spec{Type: "cron", Schedule: "*/20 * * * * *"})
	t.job("b", Spec{Type: "cron", Schedule: "10 * * * * *"})
	t.row("a", 0, "success")
	t.try(5, 19_005, "success")
	t.row("b", 10, "success")
	t.try(19_010, 19_990, "success")
	t.run("a", 20)
	return t.done()
}

// unknown is a client whose answers got lost: a creation that took effect, one that
// did not, and a pause of which one learns later.
func unknown() *tale {
	t := newTale(40)
	t.call("create", "a", 0, func(c *Call) { c.Answer, c.Key, c.Spec = Unknown, "k1", &Spec{Type: "cron", Schedule: "*/2 * * * * *"} })
	t.call("create", "b", 0, func(c *Call) { c.Answer, c.Key, c.Spec = Unknown, "k2", &Spec{Type: "cron", Schedule: "*/2 * * * * *"} })
	t.Jobs = append(t.Jobs, Job{Name: "a", Status: "paused", Schedule: "*/2 * * * * *"})
	for s := 2; s <= 8; s += 2 {
		t.run("a", s)
	}
	t.call("pause", "a", 9000, func(c *Call) { c.Answer = Unknown })
	t.run("a", 10)
	t.call("read", "a", 30_000, func(c *Call) { c.Status, c.Schedule = "paused", "*/2 * * * * *" })
	t.call("run", "a", 35_000, func(c *Call) { c.Answer, c.Key, c.Force = Unknown, "k3", true })
	r := t.row("a", 35, "success")
	r.Trigger = "manual"
	t.try(35_015, 35_100, "success")
	return t.done()
}

// parallel is a job that may run twice at once, and a third slot that found no place.
func parallel() *tale {
	t := newTale(8)
	t.job("a", Spec{Type: "cron", Schedule: "* * * * * *", Places: 2})
	t.row("a", 1, "success")
	t.try(1005, 3500, "success")
	t.row("a", 2, "success")
	t.try(2005, 4500, "success")
	t.row("a", 3, "skipped").Skip = "concurrency"
	t.runs("a", 4, 7)
	return t.done()
}

// timetable is what a run of many quiet slots looks like, with readings of resources.
func timetable() *tale {
	t := newTale(60)
	t.job("a", Spec{})
	t.runs("a", 1, 59)
	for i, fds := range []int64{20, 31, 25} {
		t.Usage = append(t.Usage, Usage{Of: "a/100", At: at(i * 20_000), Counts: map[string]int64{"fds": fds, "zombies": 0}})
	}
	t.Profile.Until = t.Profile.Until.Add(time.Millisecond)
	return t.done()
}
