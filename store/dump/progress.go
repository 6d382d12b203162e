package dump

import "iter"

// Progress is told how many rows of a table have passed, and when it was the last.
type Progress func(table string, rows int64, done bool)

// often is after how many rows of one table progress is told.
const often = 100_000

// Watch tells progress, if it is not nil, of rows as they pass: now and then, and when
// the next table begins or the stream ends.
func Watch(rows iter.Seq2[Row, error], progress Progress) iter.Seq2[Row, error] {
	if progress == nil {
		return rows
	}
	return func(yield func(Row, error) bool) {
		var table *Table
		n := int64(0)
		tell := func(done bool) {
			if table != nil {
				progress(table.Name, n, done)
			}
		}
		for row, err := range rows {
			if err == nil && row.Table != table {
				tell(true)
				table, n = row.Table, 0
			}
			if !yield(row, err) || err != nil {
				return
			}
			if n++; n%often == 0 {
				tell(false)
			}
		}
		tell(true)
	}
}
