package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// notEditable are fields of a request that say something twice, or only at creation.
var notEditable = []string{"id", "in", "enabled", "skip_if_overdue", "allow_overlap", "platform_id"}

func newJobEditCmd(a *app) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:        "edit JOB",
		SuggestFor: []string{"modify", "vi"},
		Short:      "Change a job in an editor",
		Long: `Change a job in an editor: SCHEDCTL_EDITOR, VISUAL or EDITOR, else vi. Only what you
change is sent, and only if nobody else changed the job meanwhile. What the daemon refuses
comes back into the editor with the reason on top; an empty file, or one without a change,
gives up.`,
		Example:           "  schedctl job edit nightly-backup\n  EDITOR=nano schedctl job edit nightly-backup --reason 'slower disk'",
		Args:              exactly("JOB"),
		ValidArgsFunction: completeJobs(a, 1),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runJobEdit(cmd.Context(), a, args[0], reason)
		}),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the audit log")
	return cmd
}

func runJobEdit(ctx context.Context, a *app, ref, reason string) error {
	if a.editor() == defaultEditor && (!a.env.IsTerminal(a.env.In) || !a.outTTY()) {
		return usagef("there is no terminal to edit in").WithHint("change fields with schedctl job set, or name a program in EDITOR")
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	before, err := c.Job(ctx, ref)
	if err != nil {
		return err
	}
	fields, text, err := editable(&before)
	if err != nil {
		return err
	}
	head := fmt.Sprintf("# job %s (%s), revision %d; an empty file gives up\n", before.Name, typeWord(before.Type), before.Revision)
	problem := ""
	var refused error
	for {
		after, err := a.env.Edit(a.editor(), before.Name+".yaml", []byte(problem+head+text))
		if err != nil {
			return usagef("the editor failed: %v", err).WithHint("set EDITOR")
		}
		edited := uncommented(string(after))
		if strings.TrimSpace(edited) == "" || edited == text && problem != "" {
			e := usagef("given up; nothing was changed")
			if refused != nil {
				e.Message += ": " + strings.Join(faults(refused), "; ")
			}
			return e
		}
		in, err := edits(fields, []byte(edited))
		if err == nil && reflect.ValueOf(in).IsZero() {
			a.note("Nothing changed.")
			return nil
		}
		changed := job.Job{}
		if err == nil {
			changed, err = c.ChangeJob(ctx, before.ID.String(), in, client.Write{Reason: reason, IfRevision: before.Revision})
		}
		if job.CodeOf(err) == job.Invalid {
			problem, text, refused = complaints(err), edited, err
			continue
		}
		if err != nil {
			a.note("%s", edited) // so that the work is not lost
			return err
		}
		return a.sayEdited(&changed)
	}
}

func (a *app) sayEdited(changed *job.Job) error {
	return printOne(a, *changed, changed.Name, func() error {
		a.say("job %s changed, revision %d", changed.Name, changed.Revision)
		if changed.NextRun != nil {
			a.say("next run %s", a.moment(*changed.NextRun))
		}
		return nil
	})
}

// editor is the command of the editor.
func (a *app) editor() string {
	for _, name := range []string{"SCHEDCTL_EDITOR", "VISUAL", "EDITOR"} {
		if command := a.env.Getenv(name); command != "" {
			return command
		}
	}
	return defaultEditor
}

// defaultEditor is there wherever there is a terminal.
const defaultEditor = "vi"

// editable returns the fields of a job that can be changed, and the same as YAML.
func editable(j *job.Job) (map[string]any, string, error) {
	v, err := render.Generic(j)
	if err != nil {
		return nil, "", internal("%w", err)
	}
	all, _ := v.(map[string]any)
	fields := map[string]any{}
	var text bytes.Buffer
	for _, name := range fieldsOf(reflect.TypeFor[api.JobInput]()) {
		value, has := all[name]
		if !has || value == nil || slices.Contains(notEditable, name) {
			continue
		}
		fields[name] = value
		if err := render.YAML(&text, map[string]any{name: value}); err != nil {
			return nil, "", internal("%w", err)
		}
	}
	return fields, text.String(), nil
}

// edits finds what a text changes. Fields that are gone go back to their defaults.
func edits(before map[string]any, text []byte) (api.JobInput, error) {
	var in api.JobInput
	after := map[string]any{}
	if err := yaml.Unmarshal(text, &after); err != nil {
		return in, usagef("%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	names := fieldsOf(reflect.TypeFor[api.JobInput]())
	changed := map[string]any{}
	for name, value := range after {
		switch {
		case !slices.Contains(names, name) || slices.Contains(notEditable, name):
			return in, usagef("unknown field %q", name).WithHint("%s", notAllowed(name, names).Error())
		case value != nil && !same(before[name], value):
			changed[name] = value
		}
	}
	data, err := json.Marshal(changed)
	if err != nil {
		return in, usagef("%v", err)
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return in, usagef("%s", strings.TrimPrefix(err.Error(), "json: "))
	}
	for name := range before {
		if after[name] != nil {
			continue
		}
		if !slices.Contains(unsettable, name) {
			return in, usagef("%s can't be left out", name)
		}
		in.Null = append(in.Null, name)
	}
	slices.Sort(in.Null)
	return in, nil
}

// same compares two values as JSON.
func same(x, y any) bool {
	a, err1 := json.Marshal(x)
	b, err2 := json.Marshal(y)
	return err1 == nil && err2 == nil && bytes.Equal(a, b)
}

// complaints is what was refused, as comments.
func complaints(err error) string {
	lines := faults(err)
	if hint := problem(err).Hint; hint != "" {
		lines = append(lines, "hint: "+hint)
	}
	var b strings.Builder
	for _, line := range lines {
		b.WriteString("# refused: " + render.Clean(line) + "\n")
	}
	return b.String()
}

// faults is what was refused, one sentence for each field.
func faults(err error) []string {
	body := problem(err)
	if len(body.Fields) == 0 {
		return []string{body.Error}
	}
	var lines []string
	for _, f := range body.Fields {
		lines = append(lines, f.Field+": "+f.Message)
	}
	return lines
}

// uncommented is text without the comments in front of it.
func uncommented(text string) string {
	for strings.HasPrefix(text, "#") {
		_, rest, _ := strings.Cut(text, "\n")
		text = rest
	}
	return text
}
