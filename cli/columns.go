package cli

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/job"
)

// row is one thing of a list: as the API has it, and as its table shows it.
type row struct {
	fields map[string]any
	table  *render.Table
	n      int
}

// rows reads the things of a list, which has a wide table.
func (l listing[T]) rows(t *render.Table) ([]row, error) {
	out := make([]row, len(l.Items))
	for i, item := range l.Items {
		v, err := render.Generic(item)
		if err != nil {
			return nil, internal("%w", err)
		}
		fields, _ := v.(map[string]any)
		out[i] = row{fields: fields, table: t, n: i}
	}
	return out, nil
}

// raw is the value of a column as the API has it; what only the table has is its text.
func (r row) raw(key string) any {
	if v, ok := r.fields[key]; ok {
		return v
	}
	if cell, ok := r.table.Cell(r.n, key); ok && cell.Text != human.Absent {
		return cell.Text
	}
	return nil
}

// cell is the value of a column for people.
func (r row) cell(key string) render.Cell {
	if cell, ok := r.table.Cell(r.n, key); ok {
		return cell
	}
	return render.Text(or(render.Scalar(r.fields[key]), human.Absent))
}

// columns is the table of a list with the columns that were asked for. In CSV values
// are as the API has them.
func (l listing[T]) columns(a *app) (*render.Table, error) {
	wide := l.Table(l.Items, true)
	keys := a.g.columns
	if len(keys) == 0 {
		keys = l.Table(nil, a.g.output == formatWide).Keys()
	}
	if err := known("--columns", keys, wide, fieldsOf(reflect.TypeFor[T]())); err != nil {
		return nil, err
	}
	rows, err := l.rows(wide)
	if err != nil {
		return nil, err
	}
	out := &render.Table{}
	for _, key := range keys {
		c := columnOf(wide, key)
		c.Optional = c.Optional && len(a.g.columns) == 0
		out.Columns = append(out.Columns, c)
	}
	for _, r := range rows {
		cells := make([]render.Cell, len(keys))
		for j, key := range keys {
			if cells[j] = r.cell(key); a.g.output == formatCSV {
				cells[j] = render.Text(render.Scalar(r.raw(key)))
			}
		}
		out.Add(cells...)
	}
	return out, nil
}

// checkColumns refuses columns that a list does not have before anybody is asked for it.
func (a *app) checkColumns() error {
	list, ok := a.lists[a.cmd]
	if !ok || len(a.g.columns)+len(a.g.sortBy) == 0 {
		return nil
	}
	t, fields := list()
	names := make([]string, len(a.g.sortBy))
	for i, key := range a.g.sortBy {
		names[i] = strings.TrimPrefix(key, "-")
	}
	if err := known("--sort-by", names, t, fields); err != nil {
		return err
	}
	return known("--columns", a.g.columns, t, fields)
}

// columnOf finds a column of a table; a field that has none gets one.
func columnOf(t *render.Table, key string) render.Column {
	for _, c := range t.Columns {
		if c.Key == key {
			return c
		}
	}
	return render.Column{Key: key, Header: strings.ToUpper(strings.ReplaceAll(key, "_", " "))}
}

// known refuses columns that neither the table nor the things have.
func known(flag string, keys []string, t *render.Table, fields []string) error {
	all := append(t.Keys(), fields...)
	for _, key := range keys {
		if !slices.Contains(all, key) {
			slices.Sort(all)
			return usagef("%s: no column %q", flag, key).WithHint("%s", notAllowed(key, slices.Compact(all)).Error())
		}
	}
	return nil
}

// fieldsOf lists the fields that a type has in JSON, those of embedded ones too.
func fieldsOf(t reflect.Type) []string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var names []string
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && !f.Anonymous && name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

// sort orders the things by columns. What has no value comes last.
func (l *listing[T]) sort(keys []string) error {
	if len(keys) == 0 || l.Sorted {
		return nil
	}
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = strings.TrimPrefix(key, "-")
	}
	t := l.Table(l.Items, true)
	if err := known("--sort-by", names, t, fieldsOf(reflect.TypeFor[T]())); err != nil {
		return err
	}
	rows, err := l.rows(t)
	if err != nil {
		return err
	}
	slices.SortStableFunc(rows, func(x, y row) int {
		for i, name := range names {
			if c := compare(name, x.raw(name), y.raw(name), strings.HasPrefix(keys[i], "-")); c != 0 {
				return c
			}
		}
		return 0
	})
	items := make([]T, len(rows))
	for i, r := range rows {
		items[i] = l.Items[r.n]
	}
	l.Items = items
	return nil
}

// compare orders two values of a column.
func compare(name string, x, y any, descending bool) int {
	if x == nil || y == nil {
		switch {
		case x == nil && y == nil:
			return 0
		case x == nil:
			return 1
		}
		return -1
	}
	c := compareText(name, render.Scalar(x), render.Scalar(y))
	m, isNumber := x.(json.Number)
	if n, both := y.(json.Number); isNumber && both {
		a, _ := m.Float64()
		b, _ := n.Float64()
		c = cmp.Compare(a, b)
	}
	if descending {
		return -c
	}
	return c
}

// compareText orders text; priorities by what they mean.
func compareText(name, x, y string) int {
	if name == "priority" {
		all := job.Priorities()
		return cmp.Compare(slices.Index(all, job.Priority(x)), slices.Index(all, job.Priority(y)))
	}
	return cmp.Compare(x, y)
}

// oneRow is a single thing as a table: the columns that were asked for, or all of its
// fields that are no objects.
func (a *app) oneRow(v any) (*render.Table, error) {
	generic, err := render.Generic(v)
	if err != nil {
		return nil, internal("%w", err)
	}
	fields, ok := generic.(map[string]any)
	if !ok {
		return nil, usagef("-o %s: this is no table", a.g.output)
	}
	keys := a.g.columns
	if len(keys) == 0 {
		for _, key := range fieldsOf(reflect.TypeOf(v)) {
			if _, nested := fields[key].(map[string]any); !nested {
				keys = append(keys, key)
			}
		}
	}
	t := &render.Table{}
	if err := known("--columns", keys, t, append(fieldsOf(reflect.TypeOf(v)), mapKeys(fields)...)); err != nil {
		return nil, err
	}
	cells := make([]render.Cell, len(keys))
	for i, key := range keys {
		t.Columns = append(t.Columns, columnOf(t, key))
		if cells[i] = render.Text(render.Scalar(fields[key])); cells[i].Text == "" && a.g.output != formatCSV {
			cells[i].Text = human.Absent
		}
	}
	t.Add(cells...)
	return t, nil
}

func mapKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	return keys
}

// listsOf says what a command lists, for the completion of --columns and --sort-by.
func listsOf[T any](a *app, cmd *cobra.Command, table func(items []T, wide bool) *render.Table) {
	a.lists[cmd] = func() (*render.Table, []string) { return table(nil, true), fieldsOf(reflect.TypeFor[T]()) }
}

// completeColumns completes the columns of what a command lists, with commas.
func (a *app) completeColumns(cmd *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	list, ok := a.lists[cmd]
	if !ok {
		return nil, noFileComp
	}
	done, last := "", prefix
	if i := strings.LastIndexByte(prefix, ','); i >= 0 {
		done, last = prefix[:i+1], prefix[i+1:]
	}
	t, fields := list()
	used := strings.Split(done, ",")
	var out []string
	for _, key := range append(t.Keys(), fields...) {
		if strings.HasPrefix(key, last) && !slices.Contains(used, key) && !slices.Contains(out, done+key) {
			out = append(out, done+key)
		}
	}
	return out, noFileComp | cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveKeepOrder
}
