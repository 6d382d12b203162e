package cli

import (
	"slices"

	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/job"
)

// listing is a list to print in any format.
type listing[T any] struct {
	Items  []T
	Total  int64  // -1 = unknown
	Next   string // cursor of what follows; "" = nothing
	Sorted bool   // the daemon sorted as --sort-by says
	Name   func(T) string
	Table  func(items []T, wide bool) *render.Table
	None   string // what to say when there are none
}

// document is a list in JSON and YAML.
type document[T any] struct {
	Items []T     `json:"items"`
	Total *int64  `json:"total"`
	Next  *string `json:"next_cursor"`
}

// printList prints a list in the chosen format.
func printList[T any](a *app, l listing[T]) error {
	if err := l.sort(a.g.sortBy); err != nil {
		return err
	}
	switch {
	case a.tabular():
		t, err := l.columns(a)
		if err != nil {
			return err
		}
		return a.paged(func() error { return a.printTable(t) })
	case a.g.output == formatNDJSON || a.g.template != nil:
		for _, item := range l.Items {
			if err := a.printStructured(item); err != nil {
				return err
			}
		}
		return nil
	case a.structured():
		return a.paged(func() error { return a.printStructured(l.document()) })
	case a.namesOnly():
		for _, item := range l.Items {
			a.say("%s", l.Name(item))
		}
		return nil
	case len(l.Items) == 0:
		a.remark("%s", l.None)
		return nil
	}
	return a.paged(func() error { return a.printTable(l.Table(l.Items, a.g.output == formatWide)) })
}

// document wraps the list.
func (l listing[T]) document() document[T] {
	d := document[T]{Items: l.Items}
	if d.Items == nil {
		d.Items = []T{}
	}
	if l.Total >= 0 {
		d.Total = &l.Total
	}
	if l.Next != "" {
		d.Next = &l.Next
	}
	return d
}

// printOne prints one thing: the object itself, its name, or what people calls for.
func printOne(a *app, v any, name string, people func() error) error {
	switch {
	case a.structured():
		return a.paged(func() error { return a.printStructured(v) })
	case a.namesOnly():
		a.say("%s", name)
		return nil
	}
	return a.paged(people)
}

// printStructured prints one thing for programs.
func (a *app) printStructured(v any) error {
	var err error
	switch {
	case a.g.query != nil:
		err = a.g.query.Run(a.out, v, a.g.raw)
	case a.g.template != nil:
		err = a.g.template.Run(a.out, v)
	case a.tabular():
		t, err := a.oneRow(v)
		if err != nil {
			return err
		}
		return a.printTable(t)
	case a.g.output == formatYAML:
		return render.YAML(a.out, v)
	case a.g.output == formatNDJSON:
		return render.JSONLine(a.out, v)
	default:
		return render.JSON(a.out, v)
	}
	if err == nil || a.out.err != nil {
		return err
	}
	flag := "--jq"
	if a.g.template != nil {
		flag = "-o template"
	}
	return usagef("%s: %v", flag, err)
}

// printTable prints a table, made as narrow as the terminal unless it is wide.
func (a *app) printTable(t *render.Table) error {
	switch a.g.output {
	case formatCSV:
		return t.CSV(a.out, a.g.noHeaders)
	case formatMarkdown:
		return t.Markdown(a.out, a.g.noHeaders)
	}
	look := render.Look{NoHeaders: a.g.noHeaders, Color: a.color(a.env.Out), ASCII: a.outTTY() && !a.unicode()}
	look.Width = a.room()
	leftOut, err := t.Write(a.out, look)
	for _, header := range leftOut {
		if !slices.Contains(a.leftOut, header) {
			a.leftOut = append(a.leftOut, header)
		}
	}
	return err
}

// room is how wide tables may be; 0 = as wide as they are.
func (a *app) room() int {
	if !a.outTTY() || a.g.output == formatWide {
		return 0
	}
	return a.env.Width()
}

// internal is an error that is nobody's fault but ours.
func internal(format string, args ...any) error { return job.Errorf(job.Internal, format, args...) }
