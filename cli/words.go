package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/job"
)

// mark is how a status looks beside its word.
type mark struct {
	glyph, ascii string
	style        render.Style
}

var jobMarks = map[job.JobStatus]mark{
	job.JobPending:   {"○", ".", render.Dim},
	job.JobActive:    {"●", "*", render.Green},
	job.JobPaused:    {"‖", "=", render.Yellow},
	job.JobCompleted: {"✓", "+", render.Dim},
	job.JobFailed:    {"✗", "x", render.Red},
	job.JobCancelled: {"⊘", "-", render.Dim},
	job.JobError:     {"✗", "x", render.Red},
}

var executionMarks = map[job.Status]mark{
	job.Pending:   {"○", ".", render.Dim},
	job.Running:   {"▶", ">", render.Cyan},
	job.Success:   {"✓", "+", render.Green},
	job.Failed:    {"✗", "x", render.Red},
	job.TimedOut:  {"◷", "t", render.Red},
	job.Cancelled: {"⊘", "-", render.Dim},
	job.Skipped:   {"↷", "~", render.Dim},
}

// marked is a status as a cell: with a glyph on a terminal, the bare word elsewhere.
func (a *app) marked(word string, m mark) render.Cell {
	switch {
	case m.glyph == "":
		return render.Text(word)
	case !a.outTTY():
		return render.Cell{Text: word, Style: m.style}
	case a.unicode():
		return render.Cell{Text: m.glyph + " " + word, Style: m.style}
	}
	return render.Cell{Text: m.ascii + " " + word, Style: m.style}
}

func (a *app) jobStatus(s job.JobStatus) render.Cell { return a.marked(string(s), jobMarks[s]) }

func (a *app) runStatus(s job.Status) render.Cell { return a.marked(string(s), executionMarks[s]) }

// when shows an instant the way --time says; nil is human.Absent.
func (a *app) when(t *time.Time) string {
	if t == nil || t.IsZero() {
		return human.Absent
	}
	mode := a.g.timeMode
	if mode == "" {
		mode = timeISO
		if a.outTTY() {
			mode = timeRelative
		}
	}
	switch mode {
	case timeRelative:
		return human.Relative(*t, a.env.Now(), a.g.zone)
	case timeLocal:
		return t.In(a.g.zone).Format("2006-01-02 15:04:05")
	case timeUTC:
		return t.UTC().Format("2006-01-02 15:04:05")
	case timeUnix:
		return strconv.FormatInt(t.Unix(), 10)
	}
	return t.UTC().Format(time.RFC3339)
}

// coming shows a coming instant for people: relative, or "due" when it is past.
func (a *app) coming(t *time.Time) string {
	if t != nil && a.outTTY() && (a.g.timeMode == "" || a.g.timeMode == timeRelative) && !t.After(a.env.Now()) {
		if late := a.env.Now().Sub(*t); late >= time.Second {
			return "late " + human.Distance(late)
		}
		return "due"
	}
	return a.when(t)
}

// moment says an instant within a sentence: "Mon 07:00 UTC (in 13h30m)" on a
// terminal, RFC 3339 elsewhere.
func (a *app) moment(t time.Time) string {
	if !a.outTTY() {
		return t.UTC().Format(time.RFC3339)
	}
	return fmt.Sprintf("%s (%s)", a.day(t), human.Relative(t, a.env.Now(), a.g.zone))
}

// day is moment without how far away it is.
func (a *app) day(t time.Time) string {
	if !a.outTTY() {
		return t.UTC().Format(time.RFC3339)
	}
	t = t.In(a.g.zone)
	layout := "Mon 15:04"
	if t.Second() != 0 {
		layout = "Mon 15:04:05"
	}
	if d := t.Sub(a.env.Now()); d < -24*time.Hour || d > 6*24*time.Hour {
		layout = "Mon 2006-01-02" + layout[len("Mon"):]
	}
	return t.Format(layout + " MST")
}

// typeWord is a job's type as the command line says it.
func typeWord(t job.Type) string {
	if t == job.TypeOneTime {
		return "once"
	}
	return string(t)
}

// scheduleWord is a job's schedule in a cell.
func (a *app) scheduleWord(j *job.Job) string {
	text := j.Schedule
	if j.ExecuteAt != nil {
		text = "at " + a.day(*j.ExecuteAt)
	}
	if j.MaxExecutions != nil {
		text += fmt.Sprintf(" (%d/%d)", j.ExecutionsCount, *j.MaxExecutions)
	}
	return or(text, human.Absent)
}

// runName is how people call an execution.
func runName(e *job.Execution) string {
	if e.JobName == "" {
		return e.ID.String()
	}
	return fmt.Sprintf("%s/%d", e.JobName, e.RunNumber)
}

// runError says in one line why an execution did not succeed.
func runError(e *job.Execution) string {
	if e.Status == job.Skipped {
		return strings.TrimSuffix(string(e.SkipReason)+": "+e.SkipDetail, ": ")
	}
	return e.Error
}

// attempts is "2/3": starts so far of those allowed.
func attempts(e *job.Execution) string {
	if e.Attempt == 0 {
		return human.Absent
	}
	return fmt.Sprintf("%d/%d", e.Attempt, max(e.MaxRetries+1, e.Attempt))
}

// platformWord names a platform; the reserved one has no name.
func platformWord(id *string) string {
	if id == nil {
		return human.Absent
	}
	return *id
}

// arrow points from what was to what is.
func (a *app) arrow() string {
	if a.outTTY() && a.unicode() {
		return "→"
	}
	return "->"
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
