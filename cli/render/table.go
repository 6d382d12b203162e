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
	Header   string
	Key      string // what --columns calls it; the name of the field of the API where there is one
	Right    bool   // aligned to the right: numbers, never cut
	Shrink   bool   // free text, cut first when the terminal is too narrow
	Whole    bool   // of that, what must be read to its end: broken into lines instead
	Optional bool   // left out when the terminal is still too narrow
}

// Table is rows under headers, without lines around them.
type Table struct {
	Columns []Column
	rows    [][]Cell
}

// signs in front of a header say what its column is like; between stands after each column.
const (
	signs   = ">~+?"
	between = "  "
)

// NewTable returns a table. A header that starts with ">" aligns its column to the
// right, one that starts with "~" is cut when space is short, one that starts with "+" is
// broken into lines, and one that starts with "?" is left out when space is shorter still. What follows "=" is the key of the column; without it
// the key is the header in lower case, with underscores.
func NewTable(headers ...string) *Table {
	t := &Table{}
	for _, h := range headers {
		header := strings.TrimLeft(h, signs)
		is := func(sign string) bool { return strings.Contains(h[:len(h)-len(header)], sign) }
		c := Column{Right: is(">"), Shrink: is("~") || is("+"), Whole: is("+"), Optional: is("?")}
		c.Header, c.Key, _ = strings.Cut(header, "=")
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

// Write draws the table, and returns the headers of the columns that it left out because
// the terminal is too narrow.
func (t *Table) Write(w io.Writer, look Look) (leftOut []string, err error) {
	rows := t.texts(look)
	header := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		header[i] = c.Header
	}
	shown := t
	if widths := t.widths(rows, !look.NoHeaders); look.Width > 0 && total(t.all(), widths) > look.Width {
		shown, header, rows, leftOut = t.fitted(header, rows, widths, look)
	}
	if look.Color {
		shown.paint(rows)
	}
	if look.NoHeaders {
		header = nil
	}
	var buf bytes.Buffer
	if len(rows) > plainRows || look.Color {
		shown.lines(&buf, header, rows)
	} else if err := draw(&buf, header, rows, shown.aligns()); err != nil {
		return nil, err
	}
	return leftOut, writeTrimmed(w, buf.Bytes())
}

// aligns is how the library aligns the columns.
func (t *Table) aligns() []tw.Align {
	aligns := make([]tw.Align, len(t.Columns))
	for i, c := range t.Columns {
		if aligns[i] = tw.AlignLeft; c.Right {
			aligns[i] = tw.AlignRight
		}
	}
	return aligns
}

// draw renders with the library.
func draw(w io.Writer, header []string, rows [][]string, aligns []tw.Align) error {
	pad := tw.CellPadding{Global: tw.Padding{Left: "", Right: between, Overwrite: true}}
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

// texts returns the cleaned cells.
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
	return rows
}

// paint colours the texts of the cells.
func (t *Table) paint(rows [][]string) {
	for i, cells := range t.rows {
		for j, c := range cells {
			rows[i][j] = c.Style.Paint(rows[i][j])
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
			widths[j] = max(widths[j], Width(text))
		}
	}
	return widths
}

// Width is the number of columns of a terminal that text takes.
func Width(s string) int {
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
			fill := strings.Repeat(" ", widths[j]-Width(text))
			if t.Columns[j].Right {
				text = fill + text
			} else {
				text += fill
			}
			buf.WriteString(text + between)
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
