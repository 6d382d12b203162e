package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/crontab"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

type crontabImportOptions struct {
	crontabOptions
	tags        []string
	prefix      string
	timezone    string
	account     string
	home        string
	dryRun      bool
	skipRefused bool
	reason      string
}

func newCrontabImportCmd(a *app) *cobra.Command {
	var o crontabImportOptions
	cmd := &cobra.Command{
		Use:   "import FILE|-",
		Short: "Make a job of every line of a crontab",
		Long: `Make a job of every line of a crontab. Each line keeps what cron gave it: its shell,
environment, directory, standard input and time zone; no retries, no time limit, no
catching up. Importing again changes jobs whose line changed and leaves the others
alone. When a line needs attention nothing is imported, unless --skip-refused.`,
		Example: `  crontab -l | schedctl crontab import - --dry-run
  schedctl crontab import /etc/crontab --prefix etc- --skip-refused`,
		Args: exactly("FILE"),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			o.file = args[0]
			file, err := o.read(a, cmd)
			if err != nil {
				return err
			}
			return runCrontabImport(cmd.Context(), a, file, o)
		}),
	}
	o.declare(cmd)
	f := cmd.Flags()
	f.StringArrayVar(&o.tags, "tag", nil, "tag of the jobs, beside crontab; may be given again")
	f.StringVar(&o.prefix, "prefix", "", "put in front of the names of the jobs")
	f.StringVar(&o.timezone, "timezone", "", "IANA zone of lines without CRON_TZ; default that of this system")
	f.StringVar(&o.account, "user", "", "account whose lines these are; default yours")
	f.StringVar(&o.home, "home", "", "its home directory; default yours")
	f.BoolVar(&o.dryRun, "dry-run", false, "only show what would become of each line")
	f.BoolVar(&o.skipRefused, "skip-refused", false, "import the other lines when some need attention")
	f.StringVar(&o.reason, "reason", "", "why, for the audit log")
	_ = cmd.RegisterFlagCompletionFunc("timezone", completeZones)
	return cmd
}

func runCrontabImport(ctx context.Context, a *app, file crontab.File, o crontabImportOptions) error {
	im := &importer{a: a, o: o}
	if err := im.prepare(); err != nil {
		return err
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	existing, err := allJobs(ctx, c, client.JobQuery{SortBy: "name"})
	if err != nil {
		if !o.dryRun || job.CodeOf(err) != job.Unavailable {
			return err
		}
		a.note("warning: schedd is not reachable; jobs that exist already are not known")
	}
	im.plan(file, existing.Items)
	if len(im.lines) == 0 {
		a.note("There is no line to import.")
		return nil
	}
	if o.dryRun || len(im.refused) > 0 && !o.skipRefused {
		if err := im.show(true); err != nil {
			return err
		}
		return im.refusal()
	}
	carryOut := im.carryOut(ctx, c)
	if err := im.show(false); err != nil {
		return err
	}
	return carryOut
}

// show prints the lines and what becomes, or became, of them.
func (im *importer) show(dry bool) error {
	err := printList(im.a, listing[*importLine]{
		Items: im.lines, Total: int64(len(im.lines)),
		Name:  func(l *importLine) string { return l.Name },
		Table: func(lines []*importLine, wide bool) *render.Table { return im.table(lines, dry, wide) },
	})
	if err != nil {
		return err
	}
	for _, l := range im.lines {
		if l.Problem == "" || im.a.structured() || im.a.namesOnly() {
			continue
		}
		im.a.note("line %d: %s", l.Line, l.Problem) // the table may have cut it
		if l.Hint != "" {
			im.a.hint("%s", l.Hint)
		}
	}
	counts := map[string]int{}
	for _, l := range im.lines {
		counts[l.Action]++
	}
	var parts []string
	for _, action := range []string{actionCreate, actionUpdate, actionNone, actionFailed, actionLeft} {
		if n := counts[action]; n > 0 {
			parts = append(parts, im.count(n, action, dry))
		}
	}
	if n := len(im.refused); n > 0 {
		verb := "need"
		if n == 1 {
			verb = "needs"
		}
		parts = append(parts, fmt.Sprintf("%d %s attention (%s)", n, verb, lines(im.refused)))
	}
	im.a.note("%s", strings.Join(parts, ", "))
	if im.a.g.verbose > 0 || im.a.outTTY() {
		im.a.note("times are in %s (%s)", im.zone, im.zoneSource)
	}
	return nil
}

// count says how many lines something would happen, or happened, to.
func (im *importer) count(n int, action string, dry bool) string {
	switch {
	case action == actionNone:
		return fmt.Sprintf("%d unchanged", n)
	case action == actionFailed || action == actionLeft:
		return fmt.Sprintf("%d %s", n, action)
	case dry:
		return fmt.Sprintf("%d would be %sd", n, action)
	}
	return fmt.Sprintf("%d %sd", n, action)
}

func (im *importer) table(lines []*importLine, dry, wide bool) *render.Table {
	headers := []string{">LINE", "NAME", "SCHEDULE", "~COMMAND", "+NOTE"}
	if !dry {
		headers = []string{">LINE", "NAME", "ACTION", "SCHEDULE", "~COMMAND", "+NOTE"}
	}
	if wide {
		headers = append(headers, "TIMEZONE", "SHELL", "DIR")
	}
	t := render.NewTable(headers...)
	for _, l := range lines {
		note := render.Text(l.Note)
		if l.Problem != "" {
			note = im.a.marked(l.Problem, executionMarks[job.Failed])
			if !im.a.outTTY() {
				note.Text = "needs attention: " + note.Text
			}
		}
		row := []render.Cell{render.Text(fmt.Sprint(l.Line)), render.Text(or(l.Name, human.Absent))}
		if !dry {
			row = append(row, render.Text(l.Action))
		}
		row = append(row, render.Text(l.Schedule), render.Text(shorten(l.Command)), note)
		if wide {
			row = append(row, render.Text(l.Timezone), render.Text(l.payload.ShellPath), render.Text(l.payload.Dir))
		}
		t.Add(row...)
	}
	return t
}

// refusal ends a command that imported nothing because of lines that need attention.
func (im *importer) refusal() error {
	if len(im.refused) == 0 || im.o.skipRefused {
		return nil
	}
	if !im.o.dryRun {
		im.a.note("nothing was imported; correct %s, or add --skip-refused to import the others", lines(im.refused))
	}
	return exitWith(exitFailed)
}
