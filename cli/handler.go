package cli

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

func newHandlerCmd(a *app) *cobra.Command {
	return in(groupOperations, group(a, &cobra.Command{
		Use:     "handler",
		Aliases: []string{"handlers"},
		Short:   "Look at what jobs can run, and try it",
		Example: "  schedctl handler list\n  schedctl handler test http --payload '{\"url\": \"https://example.org/\"}'",
	}, newHandlerListCmd(a), newHandlerShowCmd(a), newHandlerSchemaCmd(a), newHandlerTestCmd(a)))
}

func newHandlerListCmd(a *app) *cobra.Command {
	return allOf(a, &cobra.Command{
		Use:        "list",
		Aliases:    []string{"ls"},
		SuggestFor: []string{"get"},
		Short:      "List what jobs can run",
		Example:    "  schedctl handler list\n  schedctl handler ls -o name",
	}, func(ctx context.Context, c *client.Client) ([]client.Handler, error) { return c.Handlers(ctx) },
		listing[client.Handler]{Name: func(h client.Handler) string { return h.Name }, Table: handlerTable, None: "No handlers found."})
}

func handlerTable(handlers []client.Handler, _ bool) *render.Table {
	t := render.NewTable("NAME", "?TYPE", "?KIND", "PRIVILEGED", "~DESCRIPTION")
	for _, h := range handlers {
		privileged := human.Absent
		if h.Privileged {
			privileged = "admins only"
		}
		t.AddText(h.Name, h.Type, h.Kind, privileged, h.Description)
	}
	return t
}

// shownHandler is a handler with the jobs that use it.
type shownHandler struct {
	client.Handler

	JobsCount int64     `json:"jobs_count"`
	Jobs      []job.Job `json:"jobs"` // at most 100
}

func newHandlerShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "show HANDLER",
		SuggestFor:        []string{"get", "describe"},
		Short:             "Show a handler and the jobs that use it",
		Example:           "  schedctl handler show exec",
		Args:              exactly("HANDLER"),
		ValidArgsFunction: completeHandler(a),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runHandlerShow(cmd.Context(), a, args[0])
		}),
	}
}

// completeHandler completes one handler.
func completeHandler(a *app) completer {
	return func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, noFileComp
		}
		return completeHandlers(a)(cmd, args, prefix)
	}
}

func runHandlerShow(ctx context.Context, a *app, name string) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	h, err := findHandler(ctx, c, name)
	if err != nil {
		return err
	}
	page, err := c.Jobs(ctx, client.JobQuery{Handlers: []string{name}, SortBy: "name", Limit: pageSize, WithTotal: true})
	if err != nil {
		return err
	}
	shown := shownHandler{Handler: h, JobsCount: page.Total, Jobs: page.Items}
	return printOne(a, shown, h.Name, func() error {
		a.say("%s  %s, %s", h.Name, h.Type, h.Kind)
		a.say("  %-12s %s", "about", or(h.Description, human.Absent))
		if h.Privileged {
			a.say("  %-12s runs free commands: only root and the daemon's user may use it, on the socket", "privileged")
		}
		if len(h.Platforms) > 0 {
			a.say("  %-12s %s", "platforms", strings.Join(h.Platforms, " "))
		}
		if len(h.Schema) > 0 {
			a.say("  %-12s schedctl handler schema %s", "payload", h.Name)
		}
		a.say("  %-12s %s", "used by", human.Plural(int(page.Total), "job"))
		if len(page.Items) == 0 {
			return nil
		}
		a.say("")
		return a.printTable(a.jobTable(page.Items, a.g.output == formatWide))
	})
}

// findHandler finds a handler by its name.
func findHandler(ctx context.Context, c *client.Client, name string) (client.Handler, error) {
	handlers, err := c.Handlers(ctx)
	if err != nil {
		return client.Handler{}, err
	}
	names := make([]string, len(handlers))
	for i, h := range handlers {
		if h.Name == name {
			return h, nil
		}
		names[i] = h.Name
	}
	e := job.Errorf(job.NotFound, "no handler %q", name)
	if near := job.Nearest(name, names); near != "" {
		return client.Handler{}, e.WithHint("did you mean %s?", near)
	}
	return client.Handler{}, e.WithHint("schedctl handler list")
}

type handlerTestOptions struct {
	payload payloadFlags
	limit   time.Duration
	keep    bool
}

func newHandlerTestCmd(a *app) *cobra.Command {
	o := handlerTestOptions{limit: time.Minute}
	cmd := &cobra.Command{
		Use:        "test HANDLER",
		SuggestFor: []string{"try", "run"},
		Short:      "Run a handler once, without a job of its own",
		Long: `Run a handler once and print what it prints. A job is made for it that runs by hand
only, and is deleted afterwards with its history; --keep leaves it. The exit status tells
how it ended, as with run --wait.`,
		Example: `  schedctl handler test http --set url=https://example.org/
  schedctl handler test exec --payload '{"command": ["/bin/date"]}' --keep`,
		Args:              exactly("HANDLER"),
		ValidArgsFunction: completeHandler(a),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runHandlerTest(cmd.Context(), a, args[0], o)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&o.payload.whole, "payload", "", "JSON object for the handler: text, @FILE or @-")
	f.StringArrayVar(&o.payload.set, "set", nil, "set a member of the payload, KEY[.KEY]=VALUE; JSON where it is JSON")
	f.StringArrayVar(&o.payload.setString, "set-string", nil, "the same, always a string")
	durationVar(f, &o.limit, "limit", "longest run")
	f.BoolVar(&o.keep, "keep", false, "do not delete the job afterwards")
	return cmd
}

func runHandlerTest(ctx context.Context, a *app, name string, o handlerTestOptions) error {
	payload, err := o.payload.build(a, nil)
	if err != nil {
		return err
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	h, err := findHandler(ctx, c, name)
	if err != nil {
		return err
	}
	spec, err := testJob(h, payload, o)
	if err != nil {
		return err
	}
	j, err := c.CreateJob(ctx, job.TypeCron, spec, client.Write{Reason: "handler test"})
	if err != nil {
		return err
	}
	if !o.keep {
		defer func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.g.timeout)
			defer cancel()
			if err := c.DeleteJob(ctx, j.ID.String(), client.Write{Reason: "handler test"}); err != nil {
				a.note("warning: job %s is left behind: %v", j.Name, err)
			}
		}()
	}
	e, err := c.Run(ctx, j.ID.String(), api.Run{Force: true}, client.Write{})
	if err != nil {
		return err
	}
	return a.await(ctx, c, e, waitOptions{wait: true, logs: !a.structured(), cancelOnInterrupt: true})
}

// testJob is a paused job that tries once.
func testJob(h client.Handler, payload map[string]any, o handlerTestOptions) (api.JobInput, error) {
	raw, err := encode(payload)
	if err != nil {
		return api.JobInput{}, err
	}
	var suffix [4]byte
	_, _ = rand.Read(suffix[:]) // never fails
	name := "test-" + h.Name + "-" + hex.EncodeToString(suffix[:])
	never := "0 0 1 1 *" // it is paused; a schedule must be there
	tags := []string{"handler-test"}
	limit := o.limit.Milliseconds()
	return api.JobInput{
		Name: &name, Schedule: &never, HandlerName: &h.Name, Payload: raw, Enabled: new(bool),
		MaxRetries: new(int), TimeoutMS: &limit, Tags: &tags,
	}, nil
}
