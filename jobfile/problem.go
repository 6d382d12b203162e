package jobfile

import (
	"fmt"
	"slices"
	"strings"
)

// Position is a place in a file. Lines and columns count from 1; 0 is unknown.
type Position struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// String is file:line:column.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Problem is one thing wrong with a file.
type Problem struct {
	Position

	Job     string `json:"job,omitempty"`   // its name, where there is one
	Field   string `json:"field,omitempty"` // path within the job, e.g. "tags[2]"
	Code    string `json:"code"`
	Message string `json:"message"`
}

// String is the line that people see.
func (p Problem) String() string { return p.Position.String() + ": " + p.Message }

// Problems are sorted by place.
type Problems []Problem

// Error lists every problem, one a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// sort orders problems by file, as the files were given, and by place.
func (ps Problems) sort(files []string) {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		if a.File != b.File {
			return slices.Index(files, a.File) - slices.Index(files, b.File)
		}
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
}

// Excerpt returns the line of text at a place with the line before it, and a caret below
// the column; "" when there is no such line.
func Excerpt(text string, at Position) string {
	lines := strings.Split(text, "\n")
	if at.Line < 1 || at.Line > len(lines) {
		return ""
	}
	var b strings.Builder
	for n := max(1, at.Line-1); n <= at.Line; n++ {
		line := strings.TrimSuffix(lines[n-1], "\r")
		if n < at.Line && strings.TrimSpace(line) == "" {
			continue
		}
		fmt.Fprintf(&b, "%3d | %s\n", n, strings.ReplaceAll(line, "\t", " "))
	}
	return b.String() + "    | " + strings.Repeat(" ", max(0, at.Column-1)) + "^"
}
