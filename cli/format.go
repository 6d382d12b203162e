package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agentic-sdlc/scheduler/cli/render"
)

// Output formats.
const (
	formatTable    = "table"
	formatWide     = "wide"
	formatJSON     = "json"
	formatYAML     = "yaml"
	formatNDJSON   = "ndjson"
	formatCSV      = "csv"
	formatMarkdown = "markdown"
	formatName     = "name"
	formatTemplate = "template=" // with a template behind it
)

var formats = []string{
	formatTable, formatWide, formatJSON, formatYAML, formatNDJSON, formatCSV, formatMarkdown, formatName, formatTemplate,
}

// format is a flag that takes a format.
type format struct{ target *string }

func (f format) String() string { return *f.target }
func (f format) Type() string   { return "word" }

func (f format) Set(text string) error {
	if strings.HasPrefix(text, formatTemplate) || slices.Contains(formats, text) {
		*f.target = text
		return nil
	}
	return notAllowed(text, formats)
}

// wordList is a flag that takes words with commas between them.
type wordList struct{ target *[]string }

func (w *wordList) String() string { return strings.Join(*w.target, ",") }
func (w *wordList) Type() string   { return "columns" }

func (w *wordList) Set(text string) error {
	*w.target = nil
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word == "" {
			return fmt.Errorf("a name between the commas is missing")
		}
		*w.target = append(*w.target, word)
	}
	return nil
}

// settleOutput reads the jq expression and the template. chosen says that a flag named
// the format.
func (g *globals) settleOutput(chosen bool) error {
	text, isTemplate := strings.CutPrefix(g.output, formatTemplate)
	var err error
	switch {
	case g.raw && g.jq == "":
		return usagef("--raw goes with --jq").WithHint("-o name and -o 'template={{.name}}' print text without quotes as well")
	case g.jq != "" && chosen && g.output != formatJSON:
		return usagef("--jq and -o %s can't be combined", g.output).WithHint("--jq implies -o json")
	case g.jq != "" && len(g.columns) > 0:
		return usagef("--jq and --columns can't be combined")
	case g.jq != "":
		g.output = formatJSON
		if g.query, err = render.ParseQuery(g.jq); err != nil {
			return usagef("--jq: %v", err).WithHint("see %q", "schedctl help output")
		}
	case isTemplate:
		if g.template, err = render.ParseTemplate(text); err != nil {
			return usagef("-o template: %v", err).WithHint("for example -o 'template={{.name}} {{.status}}'")
		}
	}
	if len(g.columns) > 0 && !slices.Contains([]string{formatTable, formatWide, formatCSV, formatMarkdown}, g.output) {
		return usagef("--columns goes with -o table, wide, csv and markdown, not with %s", g.output)
	}
	return nil
}

// structured reports whether the output is for programs: nothing but the data.
func (a *app) structured() bool {
	switch a.g.output {
	case formatTable, formatWide:
		return len(a.g.columns) > 0
	case formatName:
		return false
	}
	return true
}

// tabular reports whether programs want rows and columns.
func (a *app) tabular() bool {
	return a.structured() && slices.Contains([]string{formatTable, formatWide, formatCSV, formatMarkdown}, a.g.output)
}

// namesOnly reports whether only names are wanted.
func (a *app) namesOnly() bool {
	return a.g.output == formatName || a.g.quiet && !a.structured()
}
