package render

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// floors are the widths that cells are not cut below.
type floors struct{ free, other int }

var (
	comfortable = floors{free: 16, other: 40} // while there are columns that can be left out
	tight       = floors{free: 8, other: 8}
)

// fitted is the table with what a terminal has room for.
func (t *Table) fitted(header []string, rows [][]string, widths []int, look Look) (shown *Table, h []string, texts [][]string, leftOut []string) {
	kept, limits := t.fit(widths, look.Width)
	mark, _ := look.marks()
	shown = &Table{rows: make([][]Cell, len(rows))}
	texts = make([][]string, len(rows))
	for j, c := range t.Columns {
		if !slices.Contains(kept, j) {
			leftOut = append(leftOut, c.Header)
			continue
		}
		shown.Columns = append(shown.Columns, c)
		h = append(h, c.cut(header[j], limits[j], mark))
		for i, row := range rows {
			cell := Cell{}
			if j < len(t.rows[i]) {
				cell = t.rows[i][j]
			}
			shown.rows[i] = append(shown.rows[i], cell)
			text := row[j]
			if !c.Whole {
				text = c.cut(text, limits[j], mark)
			}
			texts[i] = append(texts[i], text)
		}
	}
	shown.breakLines(&texts, limitsOf(kept, limits))
	return shown, h, texts, leftOut
}

func limitsOf(kept, limits []int) []int {
	of := make([]int, len(kept))
	for i, j := range kept {
		of[i] = limits[j]
	}
	return of
}

// breakLines gives text that must be read to its end as many rows as it needs.
func (t *Table) breakLines(texts *[][]string, limits []int) {
	var cells [][]Cell
	var rows [][]string
	for i, row := range *texts {
		first := len(rows)
		rows, cells = append(rows, row), append(cells, t.rows[i])
		for j, c := range t.Columns {
			if !c.Whole {
				continue
			}
			for n, line := range breakText(row[j], limits[j]) {
				if first+n == len(rows) {
					rows, cells = append(rows, make([]string, len(row))), append(cells, make([]Cell, len(row)))
				}
				rows[first+n][j], cells[first+n][j].Style = line, t.rows[i][j].Style
			}
		}
	}
	t.rows, *texts = cells, rows
}

// breakText breaks text between words into lines of at most so many columns; a word that
// is longer is broken, too.
func breakText(text string, limit int) (lines []string) {
	line := ""
	for word := range strings.SplitSeq(text, " ") {
		if line != "" && Width(line)+1+Width(word) <= limit {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for Width(word) > limit {
			head := twwidth.Truncate(word, limit, "")
			if head == "" {
				break // one letter is wider
			}
			lines, word = append(lines, head), word[len(head):]
		}
		line = word
	}
	return append(lines, line)
}

// fit says which columns a terminal has room for, and how wide they may be. No more is
// done than is needed, in this order: free text is cut, or broken into lines, and then
// what is longer than 40 columns; columns that may be missing are left out, from the
// right; the widest are cut further, down to 8; columns are left out from the right, but
// for the first. Numbers are never cut.
func (t *Table) fit(widths []int, room int) (kept []int, limits []int) {
	kept = t.all()
	for t.least(kept, widths, comfortable) > room {
		last := t.lastOptional(kept)
		if last < 0 {
			break
		}
		kept = slices.Delete(kept, last, last+1)
	}
	for len(kept) > 1 && t.least(kept, widths, tight) > room {
		kept = kept[:len(kept)-1]
	}
	limits = slices.Clone(widths)
	free := func(c Column) bool { return c.Shrink }
	every := func(Column) bool { return true }
	excess := total(kept, widths) - room
	excess = t.narrow(kept, limits, excess, comfortable, free)
	excess = t.narrow(kept, limits, excess, comfortable, every)
	excess = t.narrow(kept, limits, excess, tight, every)
	if excess > 0 { // one column is left
		limits[kept[0]] = room
	}
	return kept, limits
}

// narrow takes from the widest columns what is too much, down to their floors, and
// returns what is still too much.
func (t *Table) narrow(kept, limits []int, excess int, f floors, which func(Column) bool) int {
	for ; excess > 0; excess-- {
		widest := -1
		for _, j := range kept {
			if which(t.Columns[j]) && limits[j] > t.floor(j, limits, f) && (widest < 0 || limits[j] > limits[widest]) {
				widest = j
			}
		}
		if widest < 0 {
			break
		}
		limits[widest]--
	}
	return excess
}

// floor is how narrow a column may get.
func (t *Table) floor(j int, widths []int, f floors) int {
	switch c := t.Columns[j]; {
	case c.Right:
		return widths[j]
	case c.Shrink:
		return min(widths[j], f.free)
	}
	return min(widths[j], f.other)
}

// least is how narrow the kept columns may get.
func (t *Table) least(kept, widths []int, f floors) int {
	sum := gaps(kept)
	for _, j := range kept {
		sum += t.floor(j, widths, f)
	}
	return sum
}

// lastOptional finds what to leave out; -1 = nothing more.
func (t *Table) lastOptional(kept []int) int {
	for i := len(kept) - 1; i > 0; i-- {
		if t.Columns[kept[i]].Optional {
			return i
		}
	}
	return -1
}

// Width is how many columns of a terminal the table takes when nothing is cut.
func (t *Table) Width() int { return total(t.all(), t.widths(t.texts(Look{}), true)) }

// all is the columns by number.
func (t *Table) all() []int {
	columns := make([]int, len(t.Columns))
	for j := range columns {
		columns[j] = j
	}
	return columns
}

func total(kept, widths []int) int {
	sum := gaps(kept)
	for _, j := range kept {
		sum += widths[j]
	}
	return sum
}

func gaps(kept []int) int { return len(between) * (len(kept) - 1) }

// cut shortens text to a width: free text loses its end, anything else, as names and
// JOB/N, its middle.
func (c Column) cut(text string, limit int, mark string) string {
	if Width(text) <= limit {
		return text
	}
	room := limit - Width(mark)
	if room <= 0 {
		return twwidth.Truncate(text, limit, "")
	}
	if c.Shrink {
		return twwidth.Truncate(text, room, "") + mark
	}
	end := room / 2
	return twwidth.Truncate(text, room-end, "") + mark + lastColumns(text, end)
}

// lastColumns is the end of text, so many columns wide at most.
func lastColumns(text string, columns int) string {
	start := len(text)
	for i := len(text); i > 0; {
		r, size := utf8.DecodeLastRuneInString(text[:i])
		i -= size
		wide := Width(string(r))
		if columns -= wide; columns < 0 {
			break
		}
		if wide > 0 { // a mark stays with the letter that it is on
			start = i
		}
	}
	return text[start:]
}
