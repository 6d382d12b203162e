package cli

import (
	"github.com/agentic-sdlc/scheduler/cli/render"
)

// listing is a list to print in any format.
type listing[T any] struct {
	Items []T
	Total int64  // -1 = unknown
	Next  string // cursor of what follows; "" = nothing
	Name  func(T) string
	Table func(items []T, wide bool) *render.Table
	None  string // what to say when there are none
}

// document is a list in JSON and YAML.
type document[T any] struct {
	Items []T     `json:"items"`
	Total *int64  `json:"total"`
	Next  *string `json:"next_cursor"`
}

// printList prints a list in the chosen format.
func printList[T any](a *app, l listing[T]) error {
	switch a.g.output {
	case formatJSON, formatYAML:
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
		return a.printStructured(d)
	}
	if a.namesOnly() {
		for _, item := range l.Items {
			a.say("%s", l.Name(item))
		}
		return nil
	}
	if len(l.Items) == 0 {
		a.note("%s", l.None)
		return nil
	}
	return a.printTable(l.Table(l.Items, a.g.output == formatWide))
}

// printOne prints one thing: the object itself, its name, or what people calls for.
func printOne(a *app, v any, name string, people func() error) error {
	switch {
	case a.g.output == formatJSON || a.g.output == formatYAML:
		return a.printStructured(v)
	case a.namesOnly():
		a.say("%s", name)
		return nil
	}
	return people()
}

// printStructured prints JSON or YAML.
func (a *app) printStructured(v any) error {
	if a.g.output == formatYAML {
		return render.YAML(a.out, v)
	}
	return render.JSON(a.out, v)
}

// structured reports whether the output is for programs.
func (a *app) structured() bool { return a.g.output == formatJSON || a.g.output == formatYAML }

// namesOnly reports whether only names are wanted.
func (a *app) namesOnly() bool {
	return a.g.output == formatName || a.g.quiet && !a.structured()
}

// printTable prints a table, cut to the width of the terminal unless it is wide.
func (a *app) printTable(t *render.Table) error {
	look := render.Look{NoHeaders: a.g.noHeaders, Color: a.color(a.env.Out)}
	if a.outTTY() && a.g.output != formatWide {
		look.Width = a.env.Width()
	}
	return t.Write(a.out, look)
}
