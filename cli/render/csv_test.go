package render

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"strings"
	"testing"
)

// FuzzCSV: a reader of CSV gives the cells back, and none starts with what a spreadsheet
// takes for a formula, unless it is a number.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"", "plain", "=cmd()", "-1", "-", "+1e9", "@x", "\tx", "a\"b,c\nd", "\r\n", "'=x", "\x1b]0;x\x07"} {
		f.Add(s, "next")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		table := NewTable("A", "B")
		table.AddText(a, b)
		var out bytes.Buffer
		if err := table.CSV(&out, true); err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(&out).ReadAll()
		if err != nil || len(records) != 1 || len(records[0]) != 2 {
			t.Fatalf("%q, %q is read as %q, %v", a, b, records, err)
		}
		for i, cell := range records[0] {
			if want := strings.ReplaceAll(guard([]string{a, b}[i]), "\r\n", "\n"); cell != want {
				t.Errorf("cell %d is %q, want %q", i, cell, want)
			}
			_, err := strconv.ParseFloat(cell, 64)
			if cell != "" && cell != "-" && err != nil && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("%q begins like a formula", cell)
			}
		}
	})
}
