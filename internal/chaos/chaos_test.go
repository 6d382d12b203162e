package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// trial is one run: who takes part, how long, and what breaks.
type trial struct {
	setup
	seed    uint64
	length  time.Duration
	jobs    int // at the beginning
	callers int
	budget  budget
}

// TestChaosOneNode breaks one schedd on its embedded store.
func TestChaosOneNode(t *testing.T) {
	for _, seed := range seeds(t) {
		run(t, oneNode(seed, seconds(t, 40), ""))
	}
}

// TestChaos breaks two schedds that share PostgreSQL and Redis, and what they share.
func TestChaos(t *testing.T) {
	for _, seed := range seeds(t) {
		run(t, twoNodes(seed, seconds(t, 110), ""))
	}
}

// twoNodes is a run of two schedds on PostgreSQL and Redis.
func twoNodes(seed uint64, length time.Duration, mutant string) trial {
	return trial{
		setup: setup{store: "postgres", count: 2, mutant: mutant}, seed: seed, length: length, jobs: 60, callers: 4,
		budget: budget{kills: 42, pauses: 9, flushes: 4, redisKills: 4, postgresKills: 5, cuts: 8, clocks: 3, stops: 2}.over(length, 110*time.Second),
	}
}

// seeds are the fixed seed and a random one, or the one that the environment names.
func seeds(t *testing.T) []uint64 {
	t.Helper()
	if text := os.Getenv("SCHEDD_CHAOS_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return []uint64{seed}
	}
	return []uint64{1, rand.Uint64() >> 12}
}

func seconds(t *testing.T, otherwise int) time.Duration {
	t.Helper()
	if text := os.Getenv("SCHEDD_CHAOS_SECONDS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return time.Duration(n) * time.Second
	}
	return time.Duration(otherwise) * time.Second
}

// oneNode is a run of one schedd on its embedded store.
func oneNode(seed uint64, length time.Duration, mutant string) trial {
	return trial{
		setup: setup{store: "sqlite", count: 1, mutant: mutant}, seed: seed, length: length, jobs: 40, callers: 3,
		budget: budget{kills: 14, pauses: 3, stops: 1, clocks: 2}.over(length, 40*time.Second),
	}
}

// over is the budget of a run of another length.
func (b budget) over(length, usual time.Duration) budget {
	for _, n := range []*int{&b.kills, &b.pauses, &b.flushes, &b.redisKills, &b.postgresKills, &b.cuts, &b.clocks, &b.stops} {
		*n = int(int64(*n) * int64(length) / int64(usual))
	}
	return b
}

// run makes one trial and reports what it violates.
func run(t *testing.T, tr trial) {
	t.Run(fmt.Sprintf("seed=%d", tr.seed), func(t *testing.T) {
		h, text := tr.live(t)
		found := Check(h)
		t.Logf("%s\n%s", text, tally(h, found))
		for i, v := range found {
			if i < 25 {
				t.Error(v)
			}
		}
		if len(found) > 0 {
			t.Errorf("%d violations with SCHEDD_CHAOS_SEED=%d", len(found), tr.seed)
		}
		keep(t, &tr, h, found, text)
	})
}

// keep saves a history and its report where the environment wants them.
func keep(t *testing.T, tr *trial, h *History, found []Violation, text string) {
	t.Helper()
	if page := os.Getenv("SCHEDD_CHAOS_REPORT"); page != "" {
		f, err := os.OpenFile(page, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err == nil {
			_, err = f.WriteString(report(tr, h, found, text) + "\n")
			_ = f.Close()
		}
		if err != nil {
			t.Error(err)
		}
	}
	dir := os.Getenv("SCHEDD_CHAOS_KEEP")
	if dir == "" || len(found) == 0 && !t.Failed() && os.Getenv("SCHEDD_CHAOS_KEEP_ALL") == "" {
		return
	}
	name := filepath.Join(dir, fmt.Sprintf("%s-%d", tr.store, tr.seed))
	if err := h.Save(name + ".jsonl"); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(name+".md", []byte(report(tr, h, found, text)), 0o600); err != nil {
		t.Error(err)
	}
}

// live makes the whole trial.
func (tr *trial) live(t *testing.T) (*History, string) {
	t.Helper()
	return tr.drive(newSite(t, tr.setup))
}

// drive drives, breaks, heals, waits for rest and collects.
func (tr *trial) drive(w *site) (*History, string) {
	t, ctx := w.T, w.Context()
	t.Helper()
	w.open(ctx)
	h := &History{Profile: Profile{
		Seed: tr.seed, From: time.Now().UTC(), LeaseMS: 2000, Slots: 48, ClockMS: 0, FenceMS: 2000, LateP99MS: 1000, LateMaxMS: 5000, HealMS: 20_000, MissedMS: 60_000,
	}}
	if tr.store == "postgres" {
		h.Profile.ClockMS = 50
	}
	dice := rand.New(rand.NewPCG(tr.seed, 1))
	nem := newNemesis(w, rand.New(rand.NewPCG(tr.seed, 2)))
	log, meter := &book{}, &meter{}
	callers := tr.populate(w, dice, log)

	running, stop := context.WithTimeout(ctx, tr.length)
	defer stop()
	watching, unwatch := context.WithCancel(ctx)
	defer unwatch()
	var all, watchers sync.WaitGroup
	watchers.Go(func() { nem.revive(watching) })
	watchers.Go(func() { meter.live(watching, w) })
	for _, c := range callers {
		all.Go(func() { c.live(running) })
	}
	all.Go(func() { nem.live(running, tr.rolled(nem.plan(tr.budget)), tr.length*9/10) })
	all.Wait()

	rested := tr.rest(ctx, w, callers)
	unwatch()
	watchers.Wait()
	h.Profile.Until = time.Now().UTC()
	meter.read(w)
	w.dump(ctx, h)
	for _, n := range w.nodes {
		if err := n.stop(20 * time.Second); err != nil {
			t.Error(err)
		}
	}
	h.Calls, h.Faults, h.Usage, h.Marks = log.calls, nem.log, meter.usage, w.testimony()
	w.logs(h)
	w.alive(h)
	return h, nem.summary() + rested
}

// populate makes the callers and the first jobs.
func (tr *trial) populate(w *site, dice *rand.Rand, log *book) []*caller {
	var callers []*caller
	for i := range tr.callers {
		own := rand.New(rand.NewPCG(dice.Uint64(), uint64(i)))
		callers = append(callers, &caller{w: w, id: i, dice: own, maker: newMaker(w, own, string(rune('a'+i))), book: log, until: time.Now().Add(tr.length)})
	}
	for i := range tr.jobs {
		c := callers[i%len(callers)]
		c.create(w.Context(), c.maker.next(tr.length))
	}
	c := callers[0]
	for i := range 2 {
		c.create(w.Context(), c.maker.crasher("crash", time.Duration(5+10*i)*time.Second))
	}
	c.create(w.Context(), c.maker.crasher("poison", 8*time.Second))
	return callers
}

// rest gives every job a schedule far away and waits until nothing is left to run.
func (tr *trial) rest(ctx context.Context, w *site, callers []*caller) string {
	w.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	for _, n := range w.nodes {
		n.ready(ctx)
	}
	var all sync.WaitGroup
	for _, c := range callers {
		all.Go(func() {
			for _, j := range c.jobs {
				c.retire(ctx, j)
			}
		})
	}
	all.Wait()
	retired := time.Since(began)
	for ctx.Err() == nil {
		page, err := w.nodes[0].client.Executions(ctx, client.ExecutionQuery{Statuses: []job.Status{job.Pending, job.Running}, Limit: 1})
		if err == nil && len(page.Items) == 0 {
			break
		}
		pause(ctx, 200*time.Millisecond)
	}
	pause(ctx, 3*time.Second) // what settled is counted and ended
	return fmt.Sprintf("; rest after %s, of which %s to change all jobs", time.Since(began).Round(time.Millisecond), retired.Round(time.Millisecond))
}

// retire takes a job out of planning without cancelling what waits.
func (c *caller) retire(ctx context.Context, j *owned) {
	if wait := time.Until(j.leave); wait > 0 {
		pause(ctx, wait)
	}
	for !c.read(ctx, j) && ctx.Err() == nil {
		pause(ctx, 200*time.Millisecond)
	}
	for j.status == "paused" && ctx.Err() == nil && !c.toggle(ctx, j) {
		pause(ctx, 200*time.Millisecond)
	}
	if j.order.spec.Type == "one_time" {
		return
	}
	for j.status == "active" && ctx.Err() == nil && !c.edit(ctx, j, far) {
		pause(ctx, 200*time.Millisecond)
	}
}

// alive reports lives that ended by themselves, but for those that the workload ended
// and starts while the store was away.
func (w *site) alive(h *History) {
	w.Helper()
	allowed := 0
	for _, m := range h.Marks {
		if crashes(m.Job) && m.Kind == "start" {
			allowed++
		}
	}
	for _, n := range w.nodes {
		for _, death := range n.deaths {
			if allowed--; allowed < 0 {
				w.Errorf("node %s ended by itself: %s", n.name, death)
			}
		}
	}
}

// tally sums a history up.
func tally(h *History, found []Violation) string {
	statuses, triggers := map[string]int{}, map[string]int{}
	lost := 0
	for _, r := range h.Rows {
		statuses[r.Status]++
		triggers[r.Trigger]++
		lost += r.Lost
	}
	starts, gone := 0, 0
	for _, m := range h.Marks {
		switch m.Kind {
		case "start":
			starts++
		case "gone":
			gone++
		}
	}
	ops := map[string]int{}
	for _, c := range h.Calls {
		ops[c.Op+" "+c.Answer]++
	}
	return fmt.Sprintf("%d jobs, %d rows %v %v, %d starts, %d cut short, %d losses, %d late results refused; calls %v; %d violations",
		len(h.Jobs), len(h.Rows), statuses, triggers, starts, gone, lost, len(h.Refused), ops, len(found))
}
