package render

import (
	"bytes"
	"encoding/csv"
	"io"
	"strconv"
	"strings"
)

// CSV writes the table for programs that read RFC 4180: the keys of the columns, then
// the rows. Text that a spreadsheet would take for a formula gets a ' in front.
func (t *Table) CSV(w io.Writer, noHeaders bool) error {
	var buf bytes.Buffer
	out := csv.NewWriter(&buf)
	if !noHeaders {
		_ = out.Write(t.Keys()) // writing to memory never fails
	}
	for i := range t.rows {
		record := make([]string, len(t.Columns))
		for j := range t.Columns {
			if j < len(t.rows[i]) {
				record[j] = guard(t.rows[i][j].Text)
			}
		}
		_ = out.Write(record)
	}
	out.Flush()
	_, err := w.Write(buf.Bytes())
	return err
}

// guard keeps spreadsheets from computing what strangers wrote, and terminals from
// being driven by it.
func guard(text string) string {
	if !plain(text) {
		text = clean(text, func(r rune) (string, bool) { return string(r), r == '\n' || r == '\t' || r == '\r' })
	}
	if text == "" || !strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return text
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil || text == "-" {
		return text
	}
	return "'" + text
}

// Markdown writes the table as GitHub and others read it.
func (t *Table) Markdown(w io.Writer, noHeaders bool) error {
	var buf bytes.Buffer
	line := func(cells []string) { buf.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	heads, rules := make([]string, len(t.Columns)), make([]string, len(t.Columns))
	for j, c := range t.Columns {
		heads[j], rules[j] = c.Header, "---"
		if c.Right {
			rules[j] = "--:"
		}
	}
	if !noHeaders {
		line(heads)
		line(rules)
	}
	for _, row := range t.texts(Look{}) {
		for j := range row {
			row[j] = inMarkdown(row[j])
		}
		line(row)
	}
	_, err := w.Write(buf.Bytes())
	return err
}

// inMarkdown keeps text from being read as markup. Characters are escaped where they
// could open markup: names of jobs, with their dots and dashes, stay as they are.
func inMarkdown(text string) string {
	return markup.Replace(text)
}

var markup = strings.NewReplacer(`\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "<", "&lt;", "&", "&amp;")
