package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/job"
)

// logPrinter writes lines that executions printed: the bare line for programs,
// with time and level for people.
type logPrinter struct {
	a       *app
	prefix  bool   // time and level in front
	layout  string // of the time
	run     string // whose lines these are, where those of several follow each other
	utc     bool
	wide    bool
	colored bool
	attempt *int // whose line was printed last, for people; 0 = none
}

func (a *app) newLogPrinter(timestamps bool) logPrinter {
	p := logPrinter{a: a, prefix: timestamps || a.outTTY(), layout: "15:04:05", wide: a.g.output == formatWide, colored: a.color(a.env.Out), attempt: new(int)}
	switch {
	case !a.outTTY():
		p.layout, p.utc = "2006-01-02T15:04:05.000Z", true
	case timestamps || p.wide:
		p.layout = "2006-01-02 15:04:05.000"
	}
	return p
}

// of is the printer for a run of a job that is followed for days: on a terminal its lines
// say whose they are, and have dates.
func (p logPrinter) of(e *job.Execution) logPrinter {
	p.attempt = new(int)
	if p.a.outTTY() {
		p.run = runName(e)
		if p.layout == "15:04:05" {
			p.layout = "2006-01-02 15:04:05"
		}
	}
	return p
}

var levelStyles = map[job.LogLevel]render.Style{job.LogDebug: render.Dim, job.LogWarn: render.Yellow, job.LogError: render.Red}

// print writes one line.
func (p logPrinter) print(e *job.LogEntry) error {
	switch {
	case p.a.g.query != nil, p.a.g.template != nil:
		return p.a.printStructured(e)
	case p.a.structured():
		return render.JSONLine(p.a.out, e)
	}
	if e.Attempt != *p.attempt && *p.attempt != 0 && p.a.outTTY() {
		p.a.footer("attempt %d", e.Attempt)
	}
	*p.attempt = e.Attempt
	line := render.CleanLine(e.Message)
	if len(e.Context) > 0 && p.prefix {
		line += "  " + render.CleanLine(compact(e.Context))
	}
	if p.prefix || p.wide {
		at := e.Timestamp.In(p.a.g.zone)
		if p.utc {
			at = e.Timestamp.UTC()
		}
		level := fmt.Sprintf("%-5s", strings.ToUpper(render.Clean(string(e.Level))))
		if p.colored {
			level = levelStyles[e.Level].Paint(level)
		}
		head := at.Format(p.layout) + " " + level + " "
		if p.run != "" {
			head += render.Clean(p.run) + "  "
		}
		if p.wide {
			head += fmt.Sprintf("%d %-6s ", e.Attempt, render.Clean(string(e.Stream)))
		}
		line = head + line
	}
	_, err := io.WriteString(p.a.out, line+"\n")
	return err
}
