package cli

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

type whyOptions struct {
	at string
}

func newWhyCmd(a *app) *cobra.Command {
	var o whyOptions
	cmd := &cobra.Command{
		Use:   "why JOB|EXECUTION",
		Short: "Say why something ran, or did not",
		Example: `  schedctl why nightly-backup --at 'yesterday 02:00'
  schedctl why nightly-backup/184`,
		GroupID:           groupSchedules,
		Args:              exactly("JOB|EXECUTION"),
		ValidArgsFunction: completeJobOrRun(a, 1),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runWhy(cmd.Context(), a, args[0], o)
		}),
	}
	cmd.Flags().StringVar(&o.at, "at", "", "about TIME; default now")
	return cmd
}

func runWhy(ctx context.Context, a *app, ref string, o whyOptions) error {
	at, err := a.past("at", o.at)
	if err != nil {
		return err
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	w, err := why(ctx, c, ref, at)
	if err != nil {
		return err
	}
	return printOne(a, w, w.Subject, func() error { return a.showWhy(w) })
}

// why asks about an execution, or about a job; a UUID may be either.
func why(ctx context.Context, c *client.Client, ref string, at time.Time) (api.Why, error) {
	_, notID := job.ParseID(ref)
	if strings.Contains(ref, "/") || notID == nil {
		if notID != nil && !at.IsZero() {
			return api.Why{}, usagef("--at goes with a job; %s is one execution", ref)
		}
		w, err := c.WhyExecution(ctx, ref)
		if notID != nil || job.CodeOf(err) != job.NotFound {
			return w, err
		}
	}
	return c.WhyJob(ctx, ref, at)
}

var resultStyles = map[string]render.Style{
	"ok": render.Green, "skipped": render.Yellow, "waits": render.Cyan, "failed": render.Red,
}

func (a *app) showWhy(w api.Why) error {
	a.say("%s: %s", w.Subject, w.Verdict)
	if len(w.Steps) > 0 {
		_, _ = io.WriteString(a.out, "\n")
		t := render.NewTable("CHECK", "RESULT", "AT", "+DETAIL")
		for _, s := range w.Steps {
			t.Add(render.Text(s.Check), render.Cell{Text: s.Result, Style: resultStyles[s.Result]}, render.Text(a.when(s.At)), render.Text(s.Detail))
		}
		if err := a.printTable(t); err != nil {
			return err
		}
	}
	if w.Change != "" {
		a.hint("%s", w.Change)
	}
	return nil
}
