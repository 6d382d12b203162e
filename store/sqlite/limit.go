package sqlite

import (
	"context"
	"strconv"
)

// mostPages is what a file may have at most.
const mostPages = 1<<32 - 2

// Limit lets the file grow to so many pages and no further; 0 = as far as SQLite can. What
// needs another page then is refused as on a disk that is full: storage_full. Pages that
// the file has already it keeps. The limit ends with this process.
func (s *Store) Limit(ctx context.Context, pages int64) error {
	if pages <= 0 {
		pages = mostPages
	}
	return s.writer.do(ctx, func(c *conn) error {
		_, err := c.exec("PRAGMA max_page_count = " + strconv.FormatInt(pages, 10))
		return err
	})
}
