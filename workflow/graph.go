package workflow

import (
	"fmt"
	"slices"
	"strings"
)

// Forms lists how Graph can draw.
func Forms() []string { return []string{"text", "dot", "mermaid"} }

// Graph draws the steps, one of Forms; status says how each stands, nil = nobody knows.
func (d *Definition) Graph(form string, status map[string]StepStatus) string {
	switch form {
	case "dot":
		return d.dot(status)
	case "mermaid":
		return d.mermaid(status)
	default:
		return d.text(status)
	}
}

// text draws one step a line, below what it needs.
func (d *Definition) text(status map[string]StepStatus) string {
	if d.Engine != nil {
		return fmt.Sprintf("%s → %s\n", d.Name, d.Engine.URL)
	}
	var b strings.Builder
	depth := map[string]int{}
	for _, s := range d.Order() {
		for _, need := range s.Needs {
			depth[s.Name] = max(depth[s.Name], depth[need]+1)
		}
	}
	order := d.Order()
	slices.SortStableFunc(order, func(a, b *Step) int { return depth[a.Name] - depth[b.Name] })
	for _, s := range order {
		indent, mark := "", "○ "
		if n := depth[s.Name]; n > 0 {
			indent, mark = strings.Repeat("   ", n-1), "└─ "
		}
		b.WriteString(indent + mark + s.Name + "  " + s.HandlerName)
		if len(s.Needs) > 0 {
			b.WriteString("  after " + strings.Join(s.Needs, ", "))
		}
		for _, note := range s.notes() {
			b.WriteString("  [" + note + "]")
		}
		if at := status[s.Name]; at != "" {
			b.WriteString("  " + string(at))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// notes are what is special about a step.
func (s *Step) notes() []string {
	var notes []string
	if s.When != "" {
		notes = append(notes, "when "+s.When)
	}
	if s.Fans() {
		notes = append(notes, "for each")
	}
	if s.MaxRetries > 0 {
		notes = append(notes, fmt.Sprintf("retries %d", s.MaxRetries))
	}
	if s.OnFailure == Continue {
		notes = append(notes, "continue on failure")
	}
	return notes
}

// colours of what is known of a step, in DOT and Mermaid.
var colours = map[StepStatus]string{
	"success": "#c8e6c9", "failed": "#ffcdd2", "timeout": "#ffcdd2", "cancelled": "#ffe0b2", "skipped": "#eeeeee", "running": "#bbdefb", "pending": "#bbdefb",
}

func (d *Definition) dot(status map[string]StepStatus) string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fillcolor=white];\n", dotted(d.Name))
	for _, s := range d.Order() {
		shape := ""
		if s.Fans() {
			shape = ", peripheries=2"
		}
		if c := colours[status[s.Name]]; c != "" {
			shape += fmt.Sprintf(", fillcolor=%q", c)
		}
		fmt.Fprintf(&b, "  %s [label=%s%s];\n", dotted(s.Name), dotted(strings.Join(append([]string{s.Name, s.HandlerName}, s.notes()...), "\n")), shape)
	}
	for _, s := range d.Order() {
		for _, need := range s.Needs {
			fmt.Fprintf(&b, "  %s -> %s;\n", dotted(need), dotted(s.Name))
		}
	}
	return b.String() + "}\n"
}

// dotted quotes a text for DOT.
func dotted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}

func (d *Definition) mermaid(status map[string]StepStatus) string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for _, s := range d.Order() {
		open, end := "[", "]"
		if s.Fans() {
			open, end = "[[", "]]"
		}
		label := strings.Join(append([]string{s.Name, s.HandlerName}, s.notes()...), "<br/>")
		label = strings.NewReplacer(`"`, "#quot;", "\n", " ").Replace(label)
		fmt.Fprintf(&b, "  %s%s\"%s\"%s\n", node(s.Name), open, label, end)
		if c := colours[status[s.Name]]; c != "" {
			fmt.Fprintf(&b, "  style %s fill:%s\n", node(s.Name), c)
		}
	}
	for _, s := range d.Order() {
		for _, need := range s.Needs {
			fmt.Fprintf(&b, "  %s --> %s\n", node(need), node(s.Name))
		}
	}
	return b.String()
}

// node is a name that is no word of Mermaid.
func node(name string) string { return "s_" + name }
