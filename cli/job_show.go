package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

func newJobShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "show JOB...",
		SuggestFor:        []string{"get", "describe", "info"},
		Short:             "Show a job, its next runs and its last runs",
		Example:           "  schedctl job show nightly-backup\n  schedctl status nightly-backup -o json",
		Args:              atLeast(1, "JOB"),
		ValidArgsFunction: completeJobs(a, 100),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runJobShow(cmd.Context(), a, args)
		}),
	}
}

func runJobShow(ctx context.Context, a *app, refs []string) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	if len(refs) > 1 && a.structured() {
		jobs := make([]job.Job, 0, len(refs))
		err := a.each(ctx, refs, func(ref string) error {
			j, err := c.Job(ctx, ref)
			if err == nil {
				jobs = append(jobs, j)
			}
			return err
		})
		if printErr := printList(a, jobListing(a, client.Page[job.Job]{Items: jobs, Total: int64(len(jobs))})); printErr != nil {
			return printErr
		}
		return err
	}
	first := true
	return a.each(ctx, refs, func(ref string) error {
		j, err := c.Job(ctx, ref)
		if err != nil {
			return err
		}
		return printOne(a, j, j.Name, func() error {
			if !first {
				_, _ = io.WriteString(a.out, "\n")
			}
			first = false
			return a.showJob(ctx, c, &j)
		})
	})
}

// showJob prints a job with what it will do and what it did.
func (a *app) showJob(ctx context.Context, c *client.Client, j *job.Job) error {
	next, err := c.Next(ctx, j.ID.String(), 3, time.Time{})
	if err != nil {
		return err
	}
	runs, err := c.JobExecutions(ctx, j.ID.String(), client.ExecutionQuery{Limit: 5})
	if err != nil {
		return err
	}
	status := a.jobStatus(j.Status)
	title := render.Clean(j.Name) + "  " + a.painted(status) + "  " + typeWord(j.Type)
	_, _ = io.WriteString(a.out, title+"  id "+j.ID.String()+"\n")
	for _, row := range a.jobFacts(j, next) {
		if row[1] != "" {
			a.fact(12, row[0], row[1])
		}
	}
	if len(runs.Items) == 0 {
		return nil
	}
	_, _ = io.WriteString(a.out, "\n")
	if err := a.printTable(a.runTable(runs.Items, a.g.output == formatWide)); err != nil {
		return err
	}
	a.repeatedFailure(runs.Items)
	return nil
}

// painted is a cell as text on standard output.
func (a *app) painted(c render.Cell) string {
	if !a.color(a.env.Out) {
		return render.Clean(c.Text)
	}
	return c.Style.Paint(render.Clean(c.Text))
}

// jobFacts are the lines of job show; those without a value are left out.
func (a *app) jobFacts(j *job.Job, next api.Explained) [][2]string {
	schedule := j.Schedule
	if j.ExecuteAt != nil {
		schedule = "at " + a.day(*j.ExecuteAt)
	}
	if next.Words != "" && j.Schedule != "" {
		schedule += "  " + next.Words
	}
	if !strings.Contains(schedule, j.Timezone) {
		schedule += "  " + j.Timezone
	}
	return [][2]string{
		{"about", j.Description},
		{"schedule", schedule},
		{"window", a.window(j)},
		{"next runs", a.nextRuns(j, next)},
		{"handler", handlerWord(j)},
		{"limits", limitsWord(j)},
		{"late", lateWord(j)},
		{"platform", fmt.Sprintf("%s  tags %s  created by %s %s, revision %d", platformWord(j.PlatformID),
			or(strings.Join(j.Tags, " "), human.Absent), or(j.CreatedBy, human.Absent), a.when(&j.CreatedAt), j.Revision)},
		{"metadata", compact(j.Metadata)},
		{"failures", a.aftermathWord(j)},
		{"paused", strings.TrimSpace(a.sometimes(j.PausedAt) + a.ending(j.PauseUntil) + " " + j.PauseReason)},
		{"reason", j.StatusReason},
		{"so far", totalsWord(j)},
	}
}

// aftermathWord says what follows final failures.
func (a *app) aftermathWord(j *job.Job) string {
	var parts []string
	if n := j.PauseOnFailures; n > 0 {
		parts = append(parts, fmt.Sprintf("paused after %d in a row", n))
	}
	if h := j.OnFailure; h != nil {
		parts = append(parts, fmt.Sprintf("each final one runs %s, within %s", strings.TrimSpace(h.HandlerName+" "+clipped(compact(h.Payload))), human.Setting(h.Timeout())))
	}
	return strings.Join(parts, "; ")
}

// totalsWord sums up what the job did.
func totalsWord(j *job.Job) string {
	if j.ExecutionsCount+j.SkippedCount == 0 {
		return "no runs yet"
	}
	return fmt.Sprintf("%s %% of %s succeeded, %d failed, %d skipped, average %s", human.Percent(j.SuccessCount, j.SuccessCount+j.FailureCount),
		human.Plural(int(j.ExecutionsCount), "run"), j.FailureCount, j.SkippedCount, human.Millis(j.AvgDurationMS))
}

// sometimes is when, but nothing for nothing.
func (a *app) sometimes(t *time.Time) string {
	if t == nil {
		return ""
	}
	return a.when(t)
}

// window says from when until when, and how often, a job runs.
func (a *app) window(j *job.Job) string {
	var parts []string
	if j.StartDate != nil {
		parts = append(parts, "from "+a.day(*j.StartDate))
	}
	if j.EndDate != nil {
		parts = append(parts, "until "+a.day(*j.EndDate))
	}
	if j.MaxExecutions != nil {
		parts = append(parts, fmt.Sprintf("at most %d runs", *j.MaxExecutions))
	}
	return strings.Join(parts, ", ")
}

// nextRuns lists the next slots, or says why there are none.
func (a *app) nextRuns(j *job.Job, next api.Explained) string {
	if len(next.Items) == 0 || j.Status != job.JobActive {
		return or(next.Note, "none: the job is "+string(j.Status))
	}
	parts := make([]string, 0, len(next.Items))
	for i, slot := range next.Items {
		if i == 0 {
			parts = append(parts, a.moment(slot.At))
			continue
		}
		parts = append(parts, a.day(slot.At))
	}
	return strings.Join(parts, ", ")
}

// handlerWord is the handler with what it is given; commands and URLs the way
// people write them.
func handlerWord(j *job.Job) string {
	payload := map[string]any{}
	_ = json.Unmarshal(j.Payload, &payload)
	text := ""
	if j.HandlerName == handlerExec || j.HandlerName == handlerHTTP {
		for _, member := range []string{memberCommand, memberShell, memberURL} {
			switch value := payload[member].(type) {
			case string:
				text = value
			case []any:
				text = shellWords(value)
			default:
				continue
			}
			delete(payload, member)
		}
	}
	if len(payload) > 0 {
		rest, _ := encode(payload)
		text += "  " + string(rest)
	}
	return strings.TrimSpace(j.HandlerName + "  " + strings.TrimSpace(text))
}

// shellWords writes arguments so that a shell would read them back.
func shellWords(argv []any) string {
	words := make([]string, len(argv))
	for i, arg := range argv {
		word := fmt.Sprint(arg)
		plain := !strings.ContainsFunc(word, func(r rune) bool { return !strings.ContainsRune("_@%+=:,./-", r) && !isLetterOrDigit(r) })
		if word == "" || !plain {
			word = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
		words[i] = word
	}
	return strings.Join(words, " ")
}

func isLetterOrDigit(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

func limitsWord(j *job.Job) string {
	timeout := "no timeout"
	if j.TimeoutMS > 0 {
		timeout = "timeout " + human.Setting(time.Duration(j.TimeoutMS)*time.Millisecond)
	}
	retries := "no retries"
	if j.MaxRetries > 0 {
		delay := human.Setting(time.Duration(j.RetryDelayMS) * time.Millisecond)
		retries = fmt.Sprintf("%s after %s (%s)", retryWord(j.MaxRetries), delay, j.RetryBackoff)
	}
	return fmt.Sprintf("%s, %s, concurrency %d, overlap %s, priority %s", timeout, retries, j.Concurrency, j.Overlap, j.Priority)
}

func retryWord(n int) string {
	if n == 1 {
		return "1 retry"
	}
	return fmt.Sprintf("%d retries", n)
}

// lateWord says what happens to runs that could not start in time.
func lateWord(j *job.Job) string {
	text := fmt.Sprintf("misfire %s, lost %s, dst %s", j.Misfire, j.OnLost, j.DSTPolicy)
	if j.JitterMS > 0 {
		text += ", jitter up to " + human.Setting(time.Duration(j.JitterMS)*time.Millisecond)
	}
	return text
}

// repeatedFailure points at runs that failed for the same reason.
func (a *app) repeatedFailure(runs []job.Execution) {
	count, newest := 0, -1
	for i := range runs {
		e := &runs[i]
		if e.Status != job.Failed && e.Status != job.TimedOut {
			continue
		}
		if newest < 0 {
			newest = i
		}
		if e.Error == runs[newest].Error {
			count++
		}
	}
	if count > 1 && a.outTTY() {
		a.hint("%d of the last %d runs failed with the same error; see %q", count, len(runs), "schedctl logs "+runName(&runs[newest]))
	}
}
