package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/cli/timex"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/jobfile"
)

type simulateOptions struct {
	fileFlags
	from, to string
	outages  []string
	runTime  time.Duration
	limit    int
}

// simulatedSlot is one record that the daemon would write.
type simulatedSlot struct {
	Job     string     `json:"job"`
	Slot    time.Time  `json:"slot"`
	Local   string     `json:"local"`           // in the job's zone
	Until   *time.Time `json:"until,omitempty"` // of a range of slots
	Count   int64      `json:"count"`
	What    string     `json:"what"` // run | caught up | queued | skipped
	Reason  string     `json:"reason,omitempty"`
	StartAt *time.Time `json:"start_at,omitempty"`
}

func newSimulateCmd(a *app) *cobra.Command {
	var o simulateOptions
	cmd := &cobra.Command{
		Use:   "simulate -f FILE|DIR|-",
		Short: "Show what jobs would do on a clock of your own; needs no daemon",
		Long: `Run the daemon's own planner over job files on a virtual clock: every due time, and
whether it would run, be caught up, be skipped or be missed, and why. The jobs begin at
--from, with the standard defaults of the daemon. During an --outage nobody plans; what
is due then is planned when it ends, by the job's misfire policy.`,
		Example: `  schedctl simulate -f jobs/ --from 2026-03-07T00:00:00Z --to 2026-03-10T00:00:00Z
  schedctl simulate -f job.yaml --from now --to 'tomorrow 12:00' --outage 'tomorrow 02:00/90m' --run-time 10m`,
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE:              a.action(func(*cobra.Command, []string) error { return runSimulate(a, o) }),
	}
	o.declare(cmd)
	f := cmd.Flags()
	f.StringVar(&o.from, "from", "now", "begin at TIME")
	f.StringVar(&o.to, "to", "", "end at TIME; default a day after --from")
	f.StringArrayVar(&o.outages, "outage", nil, "nobody plans from AT on for DUR, AT/DUR; may be given again")
	durationVar(f, &o.runTime, "run-time", "how long every run takes; without it no run meets another")
	f.IntVarP(&o.limit, "limit", "n", 1000, "records at most")
	return cmd
}

// plan reads the flags.
func (o *simulateOptions) plan(a *app) (job.Simulation, error) {
	sim := job.Simulation{Policy: job.DefaultPolicy(), RunTime: o.runTime, Limit: o.limit}
	from, err := a.reader().Bound(o.from)
	if err != nil {
		return sim, inFlag("from", err)
	}
	sim.From = from.At.UTC().Truncate(time.Second)
	sim.To = sim.From.Add(24 * time.Hour)
	if o.to != "" {
		to, err := a.reader().Bound(o.to)
		if err != nil {
			return sim, inFlag("to", err)
		}
		sim.To = to.At.UTC()
	}
	if !sim.To.After(sim.From) {
		return sim, usagef("--to must be after --from")
	}
	for _, text := range o.outages {
		i := strings.LastIndex(text, "/")
		if i < 0 {
			return sim, usagef("--outage %q is not AT/DURATION", text).WithHint("for example --outage 2026-03-08T06:30:00Z/90m")
		}
		at, err := a.reader().Bound(text[:i])
		if err != nil {
			return sim, inFlag("outage", err)
		}
		d, err := timex.ParseDuration(text[i+1:])
		if err != nil {
			return sim, inFlag("outage", err)
		}
		sim.Outages = append(sim.Outages, job.Outage{From: at.At.UTC(), To: at.At.UTC().Add(d)})
	}
	return sim, checkLimit(o.limit)
}

func runSimulate(a *app, o simulateOptions) error {
	sim, err := o.plan(a)
	if err != nil {
		return err
	}
	set, err := o.load(a)
	if err != nil {
		return err
	}
	if len(set.Problems) > 0 {
		return a.refuse(set, set.Problems, job.Invalid)
	}
	var rows []simulatedSlot
	more := false
	for i := range set.Jobs {
		j := simulatedJob(&set.Jobs[i], sim.From, a.g.platform)
		if j.Status == job.JobPaused {
			a.note("%s is disabled: it does not run", j.Name)
			continue
		}
		result, err := job.Simulate(&j, sim)
		if err != nil {
			return err
		}
		more = more || result.More
		for k := range result.Rows {
			rows = append(rows, slotOf(&j, &result.Rows[k]))
		}
	}
	slices.SortStableFunc(rows, func(x, y simulatedSlot) int { return x.Slot.Compare(y.Slot) })
	if len(rows) > o.limit {
		rows, more = rows[:o.limit], true
	}
	if more {
		a.note("only the first %s are shown; see --limit", human.Plural(o.limit, "record"))
	}
	return printList(a, listing[simulatedSlot]{
		Items: rows, Total: int64(len(rows)), None: "Nothing is due.",
		Name:  func(s simulatedSlot) string { return s.Job },
		Table: a.simulatedTable,
	})
}

// simulatedJob is the job of a file, created at the instant.
func simulatedJob(def *jobfile.Job, at time.Time, platform string) job.Job {
	spec, _ := def.Spec(job.StandardDefaults()) // its problems were told
	home := or(platform, job.DefaultPlatform)
	if def.PlatformID != nil {
		home = *def.PlatformID
	}
	j := job.Job{Platform: home, Spec: spec, Status: job.JobActive, CreatedAt: at, Anchor: at, Seed: home + "/" + spec.Name}
	if spec.StartDate != nil {
		j.Anchor = *spec.StartDate
	}
	if def.Enabled != nil && !*def.Enabled {
		j.Status = job.JobPaused
	}
	return j
}

func slotOf(j *job.Job, r *job.SimulatedRow) simulatedSlot {
	s := simulatedSlot{Job: j.Name, Slot: r.Slot, Local: r.Slot.Format(time.RFC3339), Count: 1, What: "run", Reason: string(r.Reason)}
	if zone, err := loadZone(j.Timezone); err == nil {
		s.Local = timex.Format(r.Slot, zone)
	}
	switch {
	case r.Range != nil:
		s.What, s.Until, s.Count = "skipped", &r.Range.To, r.Range.Count
	case r.Reason != "":
		s.What = "skipped"
	case r.Queued:
		s.What = "queued"
	case r.CatchUp:
		s.What = "caught up"
	}
	if !r.StartAt.IsZero() {
		s.StartAt = &r.StartAt
	}
	return s
}

func (a *app) simulatedTable(rows []simulatedSlot, wide bool) *render.Table {
	headers := []string{"DUE", "JOB", "WHAT", "?START", "~REASON"}
	if wide {
		headers = append(headers, "UTC")
	}
	t := render.NewTable(headers...)
	for _, s := range rows {
		start, reason := human.Absent, or(s.Reason, human.Absent)
		if s.StartAt != nil {
			start = s.StartAt.UTC().Format(time.RFC3339)
		}
		if s.Until != nil {
			reason = fmt.Sprintf("%s, %d due times until %s", reason, s.Count, s.Until.UTC().Format(time.RFC3339))
		}
		row := []string{s.Local, s.Job, s.What, start, reason}
		if wide {
			row = append(row, s.Slot.UTC().Format(time.RFC3339))
		}
		t.AddText(row...)
	}
	return t
}
