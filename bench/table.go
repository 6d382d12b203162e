package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// print writes the one table.
func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s\n%s\n\n", r.Machine, "figure: median (lowest–highest of the rounds); ratio: to the peer in the same round, else to the bar")
	rows := [][]string{{"WHAT", "FIGURE", "BAR", "AIM", "RATIO", "VERDICT"}}
	for i := range r.Figures {
		rows = append(rows, cells(&r.Figures[i]))
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			b.WriteString(cell)
			b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
	fmt.Fprint(w, "\nCPU time that other processes took meanwhile:")
	for i, c := range r.Crowd {
		fmt.Fprintf(w, "%s %s %.0f %%", strings.Repeat(",", min(i, 1)), c.Part, c.Percent)
	}
	fmt.Fprintln(w, "; lateness in a crowd is the crowd's")
}

func cells(f *Figure) []string {
	row := []string{f.What, number(f.Value) + unit(f.Unit) + spread(f.Rounds), verdictNone, verdictNone, verdictNone, f.verdict()}
	if len(f.Ratios) > 0 {
		row[4] = number(median(f.Ratios)) + " ×" + spread(f.Ratios)
	}
	if f.Goal == nil {
		return row
	}
	sign, of := "≥ ", unit(f.Unit)
	if f.Goal.AtMost {
		sign = "≤ "
	}
	if f.Peer != "" {
		of = " × " + f.Peer
	}
	row[2] = sign + number(f.Goal.Bar) + of
	if f.Goal.Aim != nil {
		row[3] = sign + number(*f.Goal.Aim) + unit(strings.TrimSuffix(of, " "+f.Peer))
	}
	if f.Peer == "" && f.Goal.Bar != 0 {
		row[4] = number(f.Value / f.Goal.Bar)
	}
	return row
}

func unit(u string) string {
	if u == "" || u[0] == '/' || u[0] == ' ' {
		return u
	}
	return " " + u
}

// spread shows the range of several values.
func spread(values []float64) string {
	if len(values) < 2 {
		return ""
	}
	return " (" + number(slices.Min(values)) + "–" + number(slices.Max(values)) + ")"
}

// number writes two or three digits that count, and groups thousands.
func number(v float64) string {
	switch a := math.Abs(v); {
	case a == 0:
		return "0"
	case a < 0.1:
		return strconv.FormatFloat(v, 'g', 2, 64)
	case a < 10:
		return strings.TrimSuffix(strings.TrimSuffix(strconv.FormatFloat(v, 'f', 2, 64), "0"), ".0")
	case a < 100:
		return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
	}
	text := strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + " " + text[i:]
	}
	return text
}
