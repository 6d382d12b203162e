package cli

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
)

// app is one invocation.
type app struct {
	env    Env
	out    *sink // standard output
	g      globals
	client *client.Client
	began  bool // a command runs: errors from now on are its own

	words    []string // of the command line, when only the commands that they name are needed
	root     *cobra.Command
	cmd      *cobra.Command            // the one that runs
	settled  bool                      // the globals are complete
	leftOut  []string                  // headers of the columns that the terminal had no room for
	holding  bool                      // what is said waits for what is being shown
	held     []string                  // lines for standard error that wait
	watching bool                      // the same is shown again and again: nothing is paged
	contexts contextFile               // the file of contexts; empty when there is none
	context  *contextEntry             // the one in use; nil = none
	lists    map[*cobra.Command]lister // what the commands that print lists can show
}

// lister returns a table without rows and the fields of the things that it lists.
type lister func() (table *render.Table, fields []string)

func newApp(env Env) *app {
	return &app{env: env, out: &sink{w: env.Out}, lists: map[*cobra.Command]lister{}}
}

// outTTY reports whether standard output is a terminal.
func (a *app) outTTY() bool { return a.env.IsTerminal(a.env.Out) }

// say prints a line of data.
func (a *app) say(format string, args ...any) {
	_, _ = io.WriteString(a.out, render.CleanLine(fmt.Sprintf(format, args...))+"\n") // the sink remembers
}

// sayLines prints a text of several lines.
func (a *app) sayLines(text string) {
	for line := range strings.Lines(text) {
		a.say("%s", strings.TrimSuffix(line, "\n"))
	}
}

// note prints a remark, unless --quiet.
func (a *app) note(format string, args ...any) {
	if !a.g.quiet {
		a.errLine(render.CleanLine(fmt.Sprintf(format, args...)))
	}
}

// hint prints what to do next, unless --quiet.
func (a *app) hint(format string, args ...any) { a.note("hint: "+format, args...) }

// footer prints a remark below a table, for people only.
func (a *app) footer(format string, args ...any) {
	if a.outTTY() && !a.structured() && !a.namesOnly() {
		a.remark(format, args...)
	}
}

// remark is a note that is part of what --watch shows.
func (a *app) remark(format string, args ...any) {
	if a.watching && a.outTTY() {
		a.say(format, args...)
		return
	}
	a.note(format, args...)
}

// errLine prints text that is clean already.
func (a *app) errLine(text string) {
	if a.holding {
		a.held = append(a.held, text)
		return
	}
	_, _ = io.WriteString(a.env.Err, text+"\n")
}

// color reports whether a stream gets colours.
func (a *app) color(stream any) bool {
	switch a.g.color {
	case "always":
		return true
	case "never":
		return false
	}
	return a.env.IsTerminal(stream) && a.env.Getenv("NO_COLOR") == "" && a.env.Getenv("TERM") != "dumb"
}

// paint colours clean text for standard error.
func (a *app) paint(style render.Style, text string) string {
	if !a.color(a.env.Err) {
		return text
	}
	return style.Paint(text)
}

// unicode reports whether the terminal shows more than ASCII.
func (a *app) unicode() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := a.env.Getenv(name); value != "" {
			value = strings.ToUpper(value)
			return strings.Contains(value, "UTF-8") || strings.Contains(value, "UTF8")
		}
	}
	return false
}

// confirm asks before something that cannot be undone. The user types want, a number or
// the name of a job, or y when want is empty. An effect that is a question is the prompt.
func (a *app) confirm(yes bool, effect, want string) error {
	if yes {
		return nil
	}
	if !a.env.IsTerminal(a.env.In) {
		return usagef("refusing without confirmation (standard input is not a terminal)").WithHint("add --yes")
	}
	prompt := "Go on? [y/N] "
	switch {
	case strings.HasSuffix(effect, "?"):
		prompt = render.Clean(effect) + " [y/N] "
	default:
		a.errLine(render.Clean(effect))
	}
	if _, err := strconv.Atoi(want); err == nil {
		prompt = "Type " + want + " to confirm: "
	} else if want != "" {
		prompt = "Type the job name to confirm: "
	}
	_, _ = io.WriteString(a.env.Err, prompt)
	answer, _ := bufio.NewReader(a.env.In).ReadString('\n')
	answer = strings.TrimSpace(answer)
	if want != "" && answer == want || want == "" && (strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes")) {
		return nil
	}
	return usagef("not confirmed; nothing was changed")
}

// slurp reads a file, or standard input for "-", up to one byte more than limit.
func (a *app) slurp(path string, limit int64) ([]byte, error) {
	if path != "-" {
		return a.env.ReadFile(path)
	}
	if a.env.IsTerminal(a.env.In) {
		a.note("reading standard input; end it with Ctrl-D")
	}
	return io.ReadAll(io.LimitReader(a.env.In, limit+1))
}
