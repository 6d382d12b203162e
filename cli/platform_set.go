package cli

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
)

// platformOptions are the flags of create and set.
type platformOptions struct {
	description, handlers, reason        string
	maxJobs, maxRunning, events, creates string
}

func (o *platformOptions) declare(a *app, cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.maxJobs, "max-jobs", noLimit, "jobs that it may have at once")
	f.StringVar(&o.maxRunning, "max-running", noLimit, "executions that may run at once, on all nodes together")
	f.StringVar(&o.events, "events-per-second", noLimit, "events that each node takes of it; none = the 10000 of every platform")
	f.StringVar(&o.creates, "creates-per-minute", noLimit, "jobs that each node makes for it")
	f.StringVar(&o.handlers, "handlers", "all", "handlers that its jobs may use, with commas; all, or none")
	f.StringVar(&o.description, "description", "", "what it is, for people")
	f.StringVar(&o.reason, "reason", "", "why, for the audit log")
	for _, name := range []string{"max-jobs", "max-running", "events-per-second", "creates-per-minute"} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions([]string{noLimit}, noFileComp))
	}
	_ = cmd.RegisterFlagCompletionFunc("handlers", completeHandlers(a))
	_ = cmd.RegisterFlagCompletionFunc("description", noFiles)
	_ = cmd.RegisterFlagCompletionFunc("reason", noFiles)
}

// input has the flags that were given.
func (o *platformOptions) input(cmd *cobra.Command) (in api.PlatformInput, changes bool, err error) {
	given := cmd.Flags().Changed
	for _, f := range []struct {
		flag, field, text string
		to                **int
	}{
		{"max-jobs", "max_jobs", o.maxJobs, &in.MaxJobs}, {"max-running", "max_running", o.maxRunning, &in.MaxRunning},
		{"events-per-second", "events_per_second", o.events, &in.EventsPerSecond}, {"creates-per-minute", "creates_per_minute", o.creates, &in.CreatesPerMinute},
	} {
		switch {
		case !given(f.flag):
			continue
		case f.text == noLimit:
			in.Null = append(in.Null, f.field)
		default:
			n, err := strconv.Atoi(f.text)
			if err != nil || n < 0 {
				return in, false, usagef("--%s %q is neither a number nor %q", f.flag, f.text, noLimit).WithHint("0 allows nothing, %s lifts the limit", noLimit)
			}
			*f.to = &n
		}
		changes = true
	}
	if given("handlers") {
		changes = true
		switch o.handlers {
		case "all":
			in.Null = append(in.Null, "allowed_handlers")
		case noLimit:
			in.AllowedHandlers = &[]string{}
		default:
			names := strings.Split(o.handlers, ",")
			in.AllowedHandlers = &names
		}
	}
	if given("description") {
		changes, in.Description = true, &o.description
	}
	return in, changes, nil
}

func newPlatformCreateCmd(a *app) *cobra.Command {
	var o platformOptions
	cmd := &cobra.Command{
		Use:        "create NAME",
		SuggestFor: []string{"add", "new", "register"},
		Short:      "Register a platform",
		Long: `Register a platform: a tenant whose jobs, executions, tokens and events are seen by nobody
of another platform. Its name, a slug or a UUID, is the platform_id of what belongs to it.
Without limits it may do everything. A platform that was deleted is taken into use again.`,
		Example: `  schedctl platform create web --max-jobs 500 --max-running 8
  schedctl platform create reports --handlers http,send-notification --description "monthly reports"`,
		Args:              exactly("NAME"),
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			in, _, err := o.input(cmd)
			if err != nil {
				return err
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			in.ID = &args[0]
			p, err := c.CreatePlatform(cmd.Context(), in, client.Write{Reason: o.reason})
			if err != nil {
				return err
			}
			return a.printPlatform(&p, "created")
		}),
	}
	o.declare(a, cmd)
	return cmd
}

func newPlatformSetCmd(a *app) *cobra.Command {
	var o platformOptions
	cmd := &cobra.Command{
		Use:        "set PLATFORM",
		SuggestFor: []string{"update", "change", "edit", "limit"},
		Short:      "Change what a platform may do",
		Long: `Change what a platform may do. Only what is given changes; none lifts a limit, 0 allows
nothing. What runs already goes on. Jobs whose handler is taken away stay, and their next
runs fail with the class handler_not_allowed.`,
		Example: `  schedctl platform set web --max-running 16
  schedctl platform set web --max-jobs none --handlers http`,
		Args:              exactly("PLATFORM"),
		ValidArgsFunction: completePlatform(a),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			in, changes, err := o.input(cmd)
			if err != nil {
				return err
			}
			if !changes {
				return usagef("nothing to change: give at least one flag").WithHint("schedctl platform set --help")
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			p, err := c.ChangePlatform(cmd.Context(), args[0], in, client.Write{Reason: o.reason})
			if err != nil {
				return err
			}
			return a.printPlatform(&p, "changed")
		}),
	}
	o.declare(a, cmd)
	return cmd
}

func newPlatformDeleteCmd(a *app) *cobra.Command {
	var yes bool
	var why string
	cmd := &cobra.Command{
		Use:        "delete PLATFORM",
		SuggestFor: []string{"remove", "rm", "drop"},
		Short:      "Take a platform out of use",
		Long: `Take a platform out of use: its tokens are revoked, and nothing can be made on it. Its
jobs must have ended; its history stays. Creating it again takes it into use again.`,
		Example:           "  schedctl platform delete web --yes",
		Args:              exactly("PLATFORM"),
		ValidArgsFunction: completePlatform(a),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			if err := a.confirm(yes, "Tokens of platform "+args[0]+" are revoked, and nothing can be made on it.", ""); err != nil {
				return err
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			if err := c.DeletePlatform(cmd.Context(), args[0], client.Write{Reason: why}); err != nil {
				return err
			}
			a.say("platform %s deleted", args[0])
			return nil
		}),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	cmd.Flags().StringVar(&why, "reason", "", "why, for the audit log")
	return cmd
}
