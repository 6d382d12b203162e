package dump

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"iter"
)

// Sum is how many rows a table has, and their checksum.
type Sum struct {
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"`
}

// Sums are the sums of a stream, by table. A table without rows has none.
type Sums map[string]Sum

// Rows counts the rows of all tables.
func (s Sums) Rows() (n int64) {
	for _, sum := range s {
		n += sum.Rows
	}
	return n
}

// Differ returns the first table whose rows differ from those of other, and how; ""
// when there is none.
func (s Sums) Differ(other Sums) string {
	for _, t := range tables {
		switch a, b := s[t.Name], other[t.Name]; {
		case a.Rows != b.Rows:
			return fmt.Sprintf("%s has %d rows, want %d", t.Name, b.Rows, a.Rows)
		case a != b:
			return fmt.Sprintf("the rows of %s differ", t.Name)
		}
	}
	return ""
}

// Tally sums up a stream. The zero value is ready.
type Tally struct {
	tables map[*Table]*tally
	line   []byte
}

type tally struct {
	rows int64
	hash hash.Hash
}

// Add counts a row.
func (t *Tally) Add(r Row) (err error) {
	if t.line, err = r.appendJSON(t.line[:0]); err != nil {
		return err
	}
	t.add(r.Table, t.line)
	return nil
}

func (t *Tally) add(of *Table, line []byte) {
	if t.tables == nil {
		t.tables = map[*Table]*tally{}
	}
	sum := t.tables[of]
	if sum == nil {
		sum = &tally{hash: sha256.New()}
		t.tables[of] = sum
	}
	sum.rows++
	sum.hash.Write(line)
}

// Sums returns what was counted.
func (t *Tally) Sums() Sums {
	sums := make(Sums, len(t.tables))
	for table, sum := range t.tables {
		sums[table.Name] = Sum{Rows: sum.rows, SHA256: hex.EncodeToString(sum.hash.Sum(nil))}
	}
	return sums
}

// Over counts rows as they pass.
func (t *Tally) Over(rows iter.Seq2[Row, error]) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for row, err := range rows {
			if err == nil {
				err = t.Add(row)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}
