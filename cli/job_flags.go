package cli

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/timex"
	"github.com/agentic-sdlc/scheduler/job"
)

// misfireFlag is a misfire policy as --misfire takes it.
type misfireFlag string

var misfires = map[misfireFlag]job.Misfire{
	"once": job.MisfireFireOnce, "all": job.MisfireFireAll, "skip": job.MisfireSkip,
	"fire_once": job.MisfireFireOnce, "fire_all": job.MisfireFireAll,
}

// jobFlags are the flags that creating and changing jobs share.
type jobFlags struct {
	schedule, timezone, at, start, end string
	in                                 time.Duration
	maxExecutions                      int64
	skipIfOverdue                      bool

	handler     string
	handlerType job.HandlerType
	payload     payloadFlags
	shell, url  string

	maxRetries                int
	retryDelay, retryMaxDelay time.Duration
	retryBackoff              job.Backoff
	timeout                   time.Duration
	priority                  job.Priority
	concurrency               int
	allowOverlap              bool
	overlap                   job.Overlap
	onLost                    job.OnLost
	pauseOnFailures           int
	onFailure, hookPayload    string
	hookTimeout               time.Duration
	misfire                   misfireFlag
	misfireGrace, jitter      time.Duration
	dst                       string
	tags, metadata            []string
	description               string
	disabled                  bool

	eventFlags
	expectFlags
}

// declare adds what every type of job has.
func (o *jobFlags) declare(cmd *cobra.Command, a *app) {
	f := cmd.Flags()
	f.StringVar(&o.timezone, "timezone", "", "IANA zone of the schedule; default the daemon's")
	f.StringVar(&o.handler, "handler", "", "handler to run")
	enumVar(cmd, &o.handlerType, "handler-type", "kind of handler", job.HandlerTypes()...)
	f.StringVar(&o.payload.whole, "payload", "", "JSON object for the handler: text, @FILE or @-")
	f.StringArrayVar(&o.payload.set, "set", nil, "set a member of the payload, KEY[.KEY]=VALUE; JSON where it is JSON")
	f.StringArrayVar(&o.payload.setString, "set-string", nil, "the same, always a string")
	f.StringVar(&o.shell, "shell", "", "run a script with sh -c")
	f.StringVar(&o.url, "url", "", "call a URL (handler http)")
	f.IntVar(&o.maxRetries, "max-retries", 0, "attempts after the first one that failed")
	durationVar(f, &o.retryDelay, "retry-delay", "wait before the first retry")
	durationVar(f, &o.retryMaxDelay, "retry-max-delay", "longest wait before a retry")
	enumVar(cmd, &o.retryBackoff, "retry-backoff", "how the wait grows", job.Backoffs()...)
	durationVar(f, &o.timeout, "timeout", "longest run of one attempt; 0 = no limit")
	enumVar(cmd, &o.priority, "priority", "who goes first", job.Priorities()...)
	f.IntVar(&o.concurrency, "concurrency", 1, "runs at once")
	f.BoolVar(&o.allowOverlap, "allow-overlap", false, "start a run while another goes on")
	enumVar(cmd, &o.overlap, "overlap", "what a run does that meets another one", job.Overlaps()...)
	enumVar(cmd, &o.onLost, "on-lost", "what happens to a run whose worker vanished", job.OnLosts()...)
	f.IntVar(&o.pauseOnFailures, "pause-on-failures", 0, "pause the job after so many final failures in a row; 0 = never")
	f.StringVar(&o.onFailure, "on-failure", "", "handler to run once when a run has failed for good")
	f.StringVar(&o.hookPayload, "on-failure-payload", "", "JSON object for that handler: text, @FILE or @-")
	durationVar(f, &o.hookTimeout, "on-failure-timeout", "longest run of that handler; default 1m")
	enumVar(cmd, &o.misfire, "misfire", "what happens to missed runs", "once", "all", "skip", "fire_once", "fire_all")
	durationVar(f, &o.misfireGrace, "misfire-grace", "with --misfire once: oldest missed run that still runs")
	durationVar(f, &o.jitter, "jitter", "start up to so much later, at random")
	enumVar(cmd, &o.dst, "dst", "daylight saving", "once", "wall")
	f.StringArrayVar(&o.tags, "tag", nil, "tag; may be given again")
	f.StringArrayVar(&o.metadata, "metadata", nil, "KEY=VALUE; may be given again")
	f.StringVar(&o.description, "description", "", "what the job is for")
	o.declareCondition(cmd)
	o.declareExpected(cmd)
	_ = cmd.RegisterFlagCompletionFunc("timezone", completeZones)
	_ = cmd.RegisterFlagCompletionFunc("handler", completeHandlers(a))
	_ = cmd.RegisterFlagCompletionFunc("tag", a.completeTagFlag)
	_ = cmd.RegisterFlagCompletionFunc("on-failure", completeHandlers(a))
}

// declareWindow adds what recurring jobs have beside a schedule.
func (o *jobFlags) declareWindow(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.start, "start", "", "no run before TIME")
	f.StringVar(&o.end, "end", "", "no run at or after TIME")
	f.Int64Var(&o.maxExecutions, "max-executions", 0, "end after so many runs")
	f.BoolVar(&o.skipIfOverdue, "skip-if-overdue", false, "do not catch up (the same as --misfire skip)")
}

// declareAt adds when a one-time job runs.
func (o *jobFlags) declareAt(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.at, "at", "", "run at TIME")
	durationVar(cmd.Flags(), &o.in, "in", "run after DURATION")
}

// input turns the flags that were given into a request. argv is what stands behind
// "--", and base the present payload where members of it are changed.
func (o *jobFlags) input(a *app, cmd *cobra.Command, argv []string, base json.RawMessage) (api.JobInput, error) {
	in := api.JobInput{}
	if err := errors.Join(exclusive(cmd, "at", "in"), exclusive(cmd, "allow-overlap", "overlap"),
		exclusive(cmd, "misfire", "skip-if-overdue")); err != nil {
		return in, err
	}
	given := cmd.Flags().Changed
	if err := o.fill(cmd, &in); err != nil {
		return in, err
	}
	o.fillExpected(cmd, &in)
	set(given("schedule"), &in.Schedule, o.schedule)
	set(given("timezone"), &in.Timezone, o.timezone)
	set(given("description"), &in.Description, o.description)
	set(given("max-executions"), &in.MaxExecutions, o.maxExecutions)
	set(given("skip-if-overdue"), &in.SkipIfOverdue, o.skipIfOverdue)
	set(given("max-retries"), &in.MaxRetries, o.maxRetries)
	set(given("retry-delay"), &in.RetryDelayMS, o.retryDelay.Milliseconds())
	set(given("retry-max-delay"), &in.RetryMaxDelay, o.retryMaxDelay.Milliseconds())
	set(given("retry-backoff"), &in.RetryBackoff, o.retryBackoff)
	set(given("priority"), &in.Priority, o.priority)
	set(given("concurrency"), &in.Concurrency, o.concurrency)
	set(given("allow-overlap"), &in.AllowOverlap, o.allowOverlap)
	set(given("overlap"), &in.Overlap, o.overlap)
	set(given("on-lost"), &in.OnLost, o.onLost)
	set(given("pause-on-failures"), &in.PauseOnFails, o.pauseOnFailures)
	if err := o.hook(a, given, &in); err != nil {
		return in, err
	}
	set(given("misfire"), &in.Misfire, misfires[o.misfire])
	set(given("misfire-grace"), &in.MisfireGraceMS, o.misfireGrace.Milliseconds())
	set(given("jitter"), &in.JitterMS, o.jitter.Milliseconds())
	set(given("dst"), &in.DSTPolicy, o.dst)
	set(o.disabled, &in.Enabled, false)
	set(given("timeout"), &in.TimeoutMS, o.timeout.Milliseconds())
	if err := o.instants(a, cmd, &in); err != nil {
		return in, err
	}
	if err := o.labels(given, &in); err != nil {
		return in, err
	}
	return in, o.what(a, given, argv, base, &in)
}

// hook reads what is to run after final failures.
func (o *jobFlags) hook(a *app, given func(string) bool, in *api.JobInput) error {
	if !given("on-failure") {
		for _, flag := range []string{"on-failure-payload", "on-failure-timeout"} {
			if given(flag) {
				return usagef("--%s goes with --on-failure", flag)
			}
		}
		return nil
	}
	in.OnFailure = &job.Hook{HandlerName: o.onFailure, TimeoutMS: o.hookTimeout.Milliseconds()}
	if o.hookPayload == "" {
		return nil
	}
	members, err := payloadFlags{whole: o.hookPayload}.build(a, nil)
	if err != nil {
		return inFlag("on-failure-payload", err)
	}
	in.OnFailure.Payload, err = encode(members)
	return err
}

// set gives a field of a request its value when the flag was given.
func set[T any](given bool, field **T, value T) {
	if given {
		*field = &value
	}
}

// labels reads tags and metadata.
func (o *jobFlags) labels(given func(string) bool, in *api.JobInput) error {
	for _, tag := range o.tags {
		if strings.Contains(tag, ",") {
			return usagef("--tag %q: a tag has no comma", tag).WithHint("give --tag again for another tag")
		}
	}
	set(given("tag"), &in.Tags, o.tags)
	if !given("metadata") {
		return nil
	}
	metadata := map[string]any{}
	for _, pair := range o.metadata {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return usagef("--metadata %q is not KEY=VALUE", pair)
		}
		metadata[key] = value
	}
	var err error
	in.Metadata, err = encode(metadata)
	return err
}

// instants reads the times, in the zone of the job, and says what they were taken
// for.
func (o *jobFlags) instants(a *app, cmd *cobra.Command, in *api.JobInput) error {
	r := a.reader()
	if o.timezone != "" {
		zone, err := loadZone(o.timezone)
		if err != nil {
			return inFlag("timezone", err)
		}
		r.Zone = zone
	}
	for _, f := range []struct {
		name, text string
		field      **time.Time
		future     bool
	}{
		{"at", o.at, &in.ExecuteAt, true},
		{"start", o.start, &in.StartDate, false},
		{"end", o.end, &in.EndDate, false},
	} {
		if f.text == "" {
			continue
		}
		got, err := r.Future(f.text)
		if err != nil {
			return inFlag(f.name, err)
		}
		a.note("%s: %q = %s", f.name, f.text, timex.Echo(got.At, got.Zone))
		if f.future && got.At.Before(r.Now.Add(-time.Minute)) {
			return usagef("--%s %q is in the past", f.name, f.text).
				WithHint("did you mean %q?", "tomorrow "+got.At.In(r.Zone).Format("15:04"))
		}
		*f.field = &got.At
	}
	if cmd.Flags().Changed("in") {
		text := o.in.String()
		in.In = &text
	}
	return nil
}
