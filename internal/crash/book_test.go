//go:build linux

package crash

import (
	"database/sql"
	"encoding/binary"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the records are read without the daemon's code

	"github.com/agentic-sdlc/scheduler/job"
)

// Numbers that the store keeps for words; see store/sqlite/codes.go.
const (
	pending = iota
	running
	success
	failed
	timedOut
	cancelled
	skipped
)

var words = []string{"pending", "running", "success", "failed", "timeout", "cancelled", "skipped"}

// row is one execution as it is stored.
type row struct {
	id      job.ID
	job     string
	n       int64
	slot    time.Time
	status  int
	lost    int
	created time.Time
	class   string // of its error
}

// stretch is one range row.
type stretch struct {
	job      string
	from, to time.Time
	count    int64
}

// open opens the stopped daemon's database.
func (s *site) open() *sql.DB {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+s.path("data/schedd.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		s.t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return db
}

// book reads all records of slots.
func (s *site) book() (rows []row, ranges []stretch) {
	s.t.Helper()
	db := s.open()
	defer db.Close()
	each(s.t, db, `SELECT e.k, e.lo, j.name, e.n, e.at, e.status, e.lost, e.created_at, coalesce(r.error_class, '')
		FROM executions e JOIN jobs j ON j.seq = e.job LEFT JOIN execution_results r ON r.k = e.k WHERE e.trigger = 0 ORDER BY e.at, e.k`,
		func(scan func(...any) error) error {
			var r row
			var k, lo, at, created int64
			err := scan(&k, &lo, &r.job, &r.n, &at, &r.status, &r.lost, &created, &r.class)
			binary.BigEndian.PutUint64(r.id[:8], uint64(k))
			binary.BigEndian.PutUint64(r.id[8:], uint64(lo))
			r.slot, r.created = time.UnixMicro(at).UTC(), time.UnixMicro(created).UTC()
			rows = append(rows, r)
			return err
		})
	each(s.t, db, `SELECT j.name, r.from_at, r.to_at, r.count FROM ranges r JOIN jobs j ON j.seq = r.job`, func(scan func(...any) error) error {
		var r stretch
		var from, to int64
		err := scan(&r.job, &from, &to, &r.count)
		r.from, r.to = time.UnixMicro(from).UTC(), time.UnixMicro(to).UTC()
		ranges = append(ranges, r)
		return err
	})
	return rows, ranges
}

// each calls fn for every row of a query.
func each(t *testing.T, db *sql.DB, query string, fn func(scan func(...any) error) error) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
