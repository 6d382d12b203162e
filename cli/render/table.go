package render

import (
	"bytes"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/tw"
)

// Style is how a cell looks where colours are on. It never carries meaning alone.
type Style string

// The styles, as SGR parameters.
const (
	Plain  Style = ""
	Bold   Style = "1"
	Dim    Style = "2"
	Red    Style = "31"
	Green  Style = "32"
	Yellow Style = "33"
	Cyan   Style = "36"
)

// Paint returns text in the style.
func (s Style) Paint(text string) string {
	if s == Plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// Cell is one place of a table. The text may come from strangers.
type Cell struct {
	Text  string
	Style Style
}

// Text is a cell without a style.
func Text(s string) Cell { return Cell{Text: s} }

// Column is what all cells of a column share.
type Column struct {
	Header string
	Key    string // what --columns calls it; the name of the field of the API where there is one
	Right  bool   // aligned to the right
	Shrink bool   // free text, cut first when the terminal is too narrow
}

// Table is rows under headers, without lines around them.
type Table struct {
	Columns []Column
	rows    [][]Cell
}

// NewTable returns a table. A header that starts with ">" aligns its column to the
// right, one that starts with "~" is cut when space is short. What follows "=" is the
// key of the column; without it the key is the header in lower case, with underscores.
func NewTable(headers ...string) *Table {
	t := &Table{}
	for _, h := range headers {
		c := Column{Right: strings.HasPrefix(h, ">"), Shrink: strings.HasPrefix(h, "~")}
		c.Header, c.Key, _ = strings.Cut(strings.TrimLeft(h, ">~"), "=")
		if c.Key == "" {
			c.Key = strings.ReplaceAll(strings.ToLower(c.Header), " ", "_")
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}

// Keys returns the keys of the columns, in order.
func (t *Table) Keys() []string {
	keys := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		keys[i] = c.Key
	}
	return keys
}

// Cell returns the cell of a row in the column of that key.
func (t *Table) Cell(row int, key string) (Cell, bool) {
	for j, c := range t.Columns {
		if c.Key == key && row < len(t.rows) && j < len(t.rows[row]) {
			return t.rows[row][j], true
		}
	}
	return Cell{}, false
}

// Add appends a row of as many cells as there are columns.
func (t *Table) Add(cells ...Cell) { t.rows = append(t.rows, cells) }

// AddText appends a row of plain cells.
func (t *Table) AddText(texts ...string) {
	cells := make([]Cell, len(texts))
	for i, s := range texts {
		cells[i] = Text(s)
	}
	t.Add(cells...)
}

// Len returns the number of rows.
func (t *Table) Len() int { return len(t.rows) }

// Look says how tables are drawn.
type Look struct {
	NoHeaders bool
	Color     bool
	Width     int  // columns of the terminal; 0 = nothing is cut
	ASCII     bool // the terminal shows no more than that
}

// marks returns what stands for cut text and for line breaks.
func (l Look) marks() (cut, line string) {
	if l.ASCII {
		return "...", `\n`
	}
	return "…", "⏎"
}

// plainRows is the size above which the library, which takes 20 µs a row, gives way
// to lines of precomputed widths that look the same. So it does for colours, which
// the library resets once too often.
const plainRows = 32

// Write draws the table.
func (t *Table) Write(w io.Writer, look Look) error {
	rows, aligns := t.texts(look), make([]tw.Align, len(t.Columns))
	header := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		aligns[i], header[i] = tw.AlignLeft, c.Header
		if c.Right {
			aligns[i] = tw.AlignRight
		}
	}
	if look.NoHeaders {
		header = nil
	}
	var buf bytes.Buffer
	if len(rows) > plainRows || look.Color {
		t.lines(&buf, header, rows)
	} else if err := draw(&buf, header, rows, aligns); err != nil {
		return err
	}
	return writeTrimmed(w, buf.Bytes())
}

// draw renders with the library.
func draw(w io.Writer, header []string, rows [][]string, aligns []tw.Align) error {
	pad := tw.CellPadding{Global: tw.Padding{Left: "", Right: "  ", Overwrite: true}}
	align := tw.CellAlignment{PerColumn: aligns}
	t := tablewriter.NewTable(w,
		tablewriter.WithRendition(tw.Rendition{
			Borders:  tw.BorderNone,
			Settings: tw.Settings{Lines: tw.LinesNone, Separators: tw.SeparatorsNone},
		}),
		tablewriter.WithConfig(tablewriter.Config{
			Header: tw.CellConfig{Padding: pad, Alignment: align, Formatting: tw.CellFormatting{AutoFormat: tw.Off}},
			Row:    tw.CellConfig{Padding: pad, Alignment: align, Formatting: tw.CellFormatting{AutoFormat: tw.Off}},
		}),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithTrimSpace(tw.Off))
	if header != nil {
		t.Header(header)
	}
	if err := t.Bulk(rows); err != nil {
		return err
	}
	return t.Render()
}

// texts returns the cleaned, cut and coloured cells.
func (t *Table) texts(look Look) [][]string {
	rows := make([][]string, len(t.rows))
	for i, cells := range t.rows {
		rows[i] = make([]string, len(t.Columns))
		for j := range t.Columns {
			if j < len(cells) {
				rows[i][j] = Clean(cells[j].Text)
				if look.ASCII {
					_, line := look.marks()
					rows[i][j] = strings.ReplaceAll(rows[i][j], "⏎", line)
				}
			}
		}
	}
	if look.Width > 0 {
		t.fit(rows, look)
	}
	if look.Color {
		for i, cells := range t.rows {
			for j, c := range cells {
				rows[i][j] = c.Style.Paint(rows[i][j])
			}
		}
	}
	return rows
}

// fit cuts the widest columns of free text until the rows fit.
func (t *Table) fit(rows [][]string, look Look) {
	widths := t.widths(rows, !look.NoHeaders)
	excess := 2*(len(widths)-1) - look.Width
	for _, w := range widths {
		excess += w
	}
	limits := map[int]int{}
	const least = 8
	for excess > 0 {
		widest := -1
		for j, c := range t.Columns {
			if c.Shrink && widths[j] > least && (widest < 0 || widths[j] > widths[widest]) {
				widest = j
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
		excess--
		limits[widest] = widths[widest]
	}
	cut, _ := look.marks()
	for j, limit := range limits {
		for i := range rows {
			if twwidth.Width(rows[i][j]) > limit {
				rows[i][j] = twwidth.Truncate(rows[i][j], limit-twwidth.Width(cut), "") + cut
			}
		}
	}
}

// widths returns the width of each column.
func (t *Table) widths(rows [][]string, headers bool) []int {
	widths := make([]int, len(t.Columns))
	for j, c := range t.Columns {
		if headers {
			widths[j] = twwidth.Width(c.Header)
		}
	}
	for _, row := range rows {
		for j, text := range row {
			widths[j] = max(widths[j], width(text))
		}
	}
	return widths
}

// width is the number of columns that text takes, fast for ASCII.
func width(s string) int {
	if plain(s) {
		return len(s)
	}
	return twwidth.Width(s)
}

// lines draws what draw does, for many rows.
func (t *Table) lines(buf *bytes.Buffer, header []string, rows [][]string) {
	widths := t.widths(rows, header != nil)
	line := func(cells []string) {
		for j, text := range cells {
			gap := strings.Repeat(" ", widths[j]-width(text))
			if t.Columns[j].Right {
				text = gap + text
			} else {
				text += gap
			}
			buf.WriteString(text + "  ")
		}
		buf.WriteByte('\n')
	}
	if header != nil {
		line(header)
	}
	for _, row := range rows {
		line(row)
	}
}

// writeTrimmed writes text in one go, without blanks at the ends of lines.
func writeTrimmed(w io.Writer, text []byte) error {
	out := make([]byte, 0, len(text))
	for line := range bytes.Lines(text) {
		out = append(out, bytes.TrimRight(line, " \n")...)
		out = append(out, '\n')
	}
	_, err := w.Write(out)
	return err
}
