package cli

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// eventFlags are the flags that tie a job to events.
type eventFlags struct {
	on, when        string
	delay, debounce time.Duration
	after, cancelOn []string
}

// declareEvent adds what event jobs have.
func (o *eventFlags) declareEvent(cmd *cobra.Command, a *app) {
	f := cmd.Flags()
	f.StringVar(&o.on, "on", "", "run on events of this name, or pattern with * and ?")
	durationVar(f, &o.delay, "delay", "between the event and the run")
	durationVar(f, &o.debounce, "debounce", "run once, so long after the last of several events")
	f.StringArrayVar(&o.after, "after", nil, "run after JOB, or JOB:success, JOB:failure, JOB:any; may be given again")
	_ = cmd.RegisterFlagCompletionFunc("on", noFiles)
	_ = cmd.RegisterFlagCompletionFunc("after", completeJobs(a, 0))
}

// declareCondition adds what jobs of every type have.
func (o *eventFlags) declareCondition(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.when, "when", "", "condition; a run for which it is false is skipped")
	f.StringArrayVar(&o.cancelOn, "cancel-on", nil, "cancel the job on EVENT:PATH=VALUE of its data, such as ticket:resolved:ticket_id=T-1; may be given again")
	_ = cmd.RegisterFlagCompletionFunc("when", noFiles)
	_ = cmd.RegisterFlagCompletionFunc("cancel-on", noFiles)
}

// fill writes what was given into a request.
func (o *eventFlags) fill(cmd *cobra.Command, in *api.JobInput) error {
	given := cmd.Flags().Changed
	set(given("on"), &in.EventName, o.on)
	set(given("when"), &in.When, o.when)
	set(given("delay"), &in.DelayMS, o.delay.Milliseconds())
	set(given("debounce"), &in.DebounceMS, o.debounce.Milliseconds())
	if given("after") {
		list := make([]job.After, len(o.after))
		for i, text := range o.after {
			name, outcome, _ := strings.Cut(text, ":")
			list[i] = job.After{Job: name, On: outcome}
		}
		in.After = &list
	}
	if !given("cancel-on") {
		return nil
	}
	list := make([]job.CancelOn, len(o.cancelOn))
	for i, text := range o.cancelOn {
		left, value, ok := strings.Cut(text, "=")
		colon := strings.LastIndex(left, ":")
		if !ok || colon <= 0 {
			return usagef("--cancel-on %q is not EVENT:PATH=VALUE", text).WithHint("for example --cancel-on ticket:resolved:ticket_id=T-1")
		}
		list[i] = job.CancelOn{Event: left[:colon], Match: map[string]any{left[colon+1:]: literal(value)}}
	}
	in.CancelOn = &list
	return nil
}

// onWhat tells what makes an event job run.
func onWhat(j *job.Job) string {
	var parts []string
	if j.EventName != "" {
		parts = append(parts, "on "+j.EventName)
	}
	for _, after := range j.After {
		text := "after " + after.Job
		if after.On != "" && after.On != job.OutcomeSuccess {
			text += " (" + after.On + ")"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}
