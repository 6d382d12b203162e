package dump_test

import (
	"bytes"
	"errors"
	"iter"
	"path/filepath"
	"testing"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/dump"
	"github.com/agentic-sdlc/scheduler/store/postgres"
	"github.com/agentic-sdlc/scheduler/store/sqlite"
	"github.com/agentic-sdlc/scheduler/store/storetest"
)

// movable is a store as this package sees it.
type movable interface {
	store.Store
	dump.Exporter
	dump.Importer
}

// place is where a store is; opening it twice, one after the other, gives the same one.
type place struct {
	name string
	open func(t *testing.T) movable
	read func(t *testing.T) movable // opens it and changes nothing: not even leases end
}

func file(t *testing.T) place {
	path := filepath.Join(t.TempDir(), "schedd.db")
	open := func(readOnly bool) func(*testing.T) movable {
		return func(t *testing.T) movable {
			t.Helper()
			s, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Instance: "a file", Synchronous: "normal", ReadOnly: readOnly})
			return closed(t, s, err)
		}
	}
	return place{"sqlite", open(false), open(true)}
}

func database(t *testing.T) place {
	url := testbed.Postgres(t)
	open := func(t *testing.T) movable {
		t.Helper()
		s, err := postgres.Open(t.Context(), postgres.Options{URL: url, Instance: "a database"})
		return closed(t, s, err)
	}
	return place{"postgres", open, open}
}

func closed[S movable](t *testing.T, s S, err error) movable {
	t.Helper()
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// moved fills the place with what the store has, and opens it.
func moved(t *testing.T, from movable, to place) movable {
	t.Helper()
	target := to.open(t)
	var tally dump.Tally
	sums, err := target.Import(t.Context(), tally.Over(from.Export(t.Context())))
	if err != nil {
		t.Fatalf("Import into %s = %v, want no error", to.name, err)
	}
	if differ := tally.Sums().Differ(sums); differ != "" || sums.Rows() == 0 {
		t.Errorf("%d rows were written: %s", sums.Rows(), differ)
	}
	if err := target.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	return to.open(t)
}

// TestMove takes a store from SQLite to PostgreSQL and back, and lets it go on at every
// stop.
func TestMove(t *testing.T) {
	t.Parallel()
	db, back, copied := database(t), file(t), database(t)
	begin := file(t).open(t)
	life := storetest.NewLife(t, begin)

	there := moved(t, begin, db)
	life.WantSame(t, begin, there)
	balance, err := dump.Compare(t.Context(), begin, there)
	if err != nil || balance.Jobs < 20 || balance.Slots < 700 || balance.Unbalanced != 0 {
		t.Errorf("Compare = %+v, %v; want all jobs balanced", balance, err)
	}
	again := moved(t, there, back)
	life.WantSame(t, begin, again)
	other := moved(t, there, copied)
	life.WantSame(t, begin, other)

	for name, s := range map[string]store.Store{"where it began": begin, "in the database": there, "back in a file": again, "in another database": other} {
		t.Run(name, func(t *testing.T) { life.GoOn(t, s) })
	}
}

// TestMoveCoversEverything holds the test itself to the tables: a life must have rows in
// each.
func TestMoveCoversEverything(t *testing.T) {
	t.Parallel()
	s := file(t).open(t)
	storetest.NewLife(t, s)
	var tally dump.Tally
	for _, err := range tally.Over(s.Export(t.Context())) {
		if err != nil {
			t.Fatal(err)
		}
	}
	sums := tally.Sums()
	for _, table := range dump.Tables() {
		if sums[table.Name].Rows == 0 {
			t.Errorf("the test has no row of %s", table.Name)
		}
	}
}

// TestFile moves through a file.
func TestFile(t *testing.T) {
	t.Parallel()
	begin := file(t).open(t)
	life := storetest.NewLife(t, begin)
	var text bytes.Buffer
	wrote, err := dump.Write(&text, dump.Header{Driver: "sqlite"}, begin.Export(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []place{file(t), database(t)} {
		target := to.open(t)
		_, rows, err := dump.Read(bytes.NewReader(text.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		read, err := target.Import(t.Context(), rows)
		if err != nil {
			t.Fatalf("Import into %s = %v, want no error", to.name, err)
		}
		if differ := wrote.Differ(read); differ != "" {
			t.Errorf("%s: %s", to.name, differ)
		}
		if err := target.Close(); err != nil {
			t.Fatal(err)
		}
		s := to.read(t)
		life.WantSame(t, begin, s)
		var second bytes.Buffer
		if _, err := dump.Write(&second, dump.Header{Driver: "sqlite"}, s.Export(t.Context())); err != nil || !bytes.Equal(text.Bytes(), second.Bytes()) {
			t.Errorf("%s: the file of the copy is not that of the first, %v", to.name, err)
		}
	}
}

// TestImportRefusesWhatIsNotEmpty tries to import over a job, and over a hold only.
func TestImportRefusesWhatIsNotEmpty(t *testing.T) {
	t.Parallel()
	begin := file(t).open(t)
	life := storetest.NewLife(t, begin)
	for _, to := range []place{file(t), database(t)} {
		target := moved(t, begin, to)
		_, err := target.Import(t.Context(), begin.Export(t.Context()))
		if job.CodeOf(err) != job.Conflict {
			t.Errorf("%s: Import twice = %v, want a conflict", to.name, err)
		}
		life.WantSame(t, begin, target)
	}
	for _, to := range []place{file(t), database(t)} {
		target := to.open(t)
		if err := target.SetHold(t.Context(), store.Hold{Kind: store.HoldMaintenance, Since: storetest.Base}); err != nil {
			t.Fatal(err)
		}
		if _, err := target.Import(t.Context(), begin.Export(t.Context())); job.CodeOf(err) != job.Conflict {
			t.Errorf("%s: Import beside a hold = %v, want a conflict", to.name, err)
		}
	}
}

// TestInterruptedImport breaks an import at several rows: the target stays empty, and
// the next one succeeds.
func TestInterruptedImport(t *testing.T) {
	t.Parallel()
	begin := file(t).open(t)
	life := storetest.NewLife(t, begin)
	total := 0
	for range begin.Export(t.Context()) {
		total++
	}
	broken := errors.New("the cable was pulled")
	for _, to := range []place{file(t), database(t)} {
		target := to.open(t)
		for _, after := range []int{0, 1, 5, total / 2, total - 1, total} {
			_, err := target.Import(t.Context(), breakAfter(begin.Export(t.Context()), after, broken))
			if !errors.Is(err, broken) {
				t.Fatalf("%s: Import that breaks after %d rows = %v, want %v", to.name, after, err, broken)
			}
		}
		if err := target.Close(); err != nil {
			t.Fatal(err)
		}
		life.WantSame(t, begin, moved(t, begin, to))
	}
}

func breakAfter(rows iter.Seq2[dump.Row, error], n int, err error) iter.Seq2[dump.Row, error] {
	return func(yield func(dump.Row, error) bool) {
		for row, fault := range rows {
			if n == 0 {
				break
			}
			n--
			if !yield(row, fault) {
				return
			}
		}
		yield(dump.Row{}, err)
	}
}
