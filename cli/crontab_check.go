package cli

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/crontab"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
)

// maxCrontab bounds a crontab, in bytes.
const maxCrontab = 2 << 20

// crontabOptions say what file it is and how to read it.
type crontabOptions struct {
	file         string
	user, system bool
}

// declare adds the flags.
func (o *crontabOptions) declare(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.user, "user-format", false, "lines are as crontab -l prints them")
	cmd.Flags().BoolVar(&o.system, "system-format", false, "lines have a user, as in /etc/crontab; the default there and in /etc/cron.d")
}

// read parses the file.
func (o *crontabOptions) read(a *app, cmd *cobra.Command) (crontab.File, error) {
	if err := exclusive(cmd, "user-format", "system-format"); err != nil {
		return crontab.File{}, err
	}
	text, err := a.input(o.file, maxCrontab)
	if err != nil {
		return crontab.File{}, err
	}
	if !o.user && (o.file == "/etc/crontab" || path.Dir(o.file) == "/etc/cron.d") {
		o.system = true
	}
	return crontab.Parse(string(text), crontab.Options{System: o.system}), nil
}

// remark is something about a line.
type remark struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Severity string `json:"severity"` // error | warning
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

func newCrontabCheckCmd(a *app) *cobra.Command {
	var o crontabOptions
	cmd := &cobra.Command{
		Use:        "check FILE|-",
		SuggestFor: []string{"lint", "validate"},
		Short:      "Check a crontab line by line; needs no daemon",
		Long: `Check a crontab line by line: what cron itself would not take, and what schedd would
not run at the instants at which cron runs it. Exits with 1 when there is any.`,
		Example: "  crontab -l | schedctl crontab check -\n  schedctl crontab check /etc/crontab",
		Args:    exactly("FILE"),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			o.file = args[0]
			file, err := o.read(a, cmd)
			if err != nil {
				return err
			}
			return runCrontabCheck(a, o, file)
		}),
	}
	o.declare(cmd)
	return cmd
}

func runCrontabCheck(a *app, o crontabOptions, file crontab.File) error {
	name := o.file
	if name == "-" {
		name = "stdin"
	}
	var remarks []remark
	problems := 0
	for _, e := range file.Entries {
		if e.Problem != "" {
			problems++
			remarks = append(remarks, remark{name, e.Line, "error", e.Problem, e.Hint})
		}
		for _, n := range e.Notes {
			remarks = append(remarks, remark{File: name, Line: e.Line, Severity: "warning", Message: n})
		}
	}
	if a.structured() {
		if err := printList(a, listing[remark]{
			Items: remarks, Total: int64(len(remarks)),
			Name:  func(r remark) string { return strconv.Itoa(r.Line) },
			Table: remarkTable,
		}); err != nil {
			return err
		}
	} else if !a.g.quiet {
		for _, r := range remarks {
			a.say("%s:%d: %s: %s", r.File, r.Line, r.Severity, r.Message)
			if r.Hint != "" {
				a.say("  hint: %s", r.Hint)
			}
		}
	}
	if problems == 0 {
		a.note("%s in %s, all can be taken over", human.Plural(len(file.Entries), "line"), name)
		return nil
	}
	a.note("%d of %s in %s need attention", problems, human.Plural(len(file.Entries), "line"), name)
	return exitWith(exitFailed)
}

// remarkTable is remarks for programs that want rows.
func remarkTable(remarks []remark, _ bool) *render.Table {
	t := render.NewTable("FILE", ">LINE", "SEVERITY", "+MESSAGE", "+HINT")
	for _, r := range remarks {
		t.AddText(r.File, strconv.Itoa(r.Line), r.Severity, r.Message, r.Hint)
	}
	return t
}

// shorten keeps a command to what fits in a table.
func shorten(s string) string {
	return strings.Join(strings.Fields(render.Clean(s)), " ")
}

// lines lists line numbers: "line 9", "lines 4, 9".
func lines(numbers []int) string {
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = fmt.Sprint(n)
	}
	word := "lines "
	if len(numbers) == 1 {
		word = "line "
	}
	return word + strings.Join(texts, ", ")
}
