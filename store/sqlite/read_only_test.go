package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/sqlite"
	"github.com/agentic-sdlc/scheduler/store/storetest"
)

// TestReadOnly reads a store beside its owner, who goes on, and writes nothing.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "schedd.db")
	open := func(readOnly bool) (*sqlite.Store, error) {
		return sqlite.Open(t.Context(), sqlite.Options{Path: path, Instance: "test", Synchronous: "normal", ReadOnly: readOnly})
	}
	if s, err := open(true); err == nil {
		t.Error("a store that is not there was opened for reading", s.Close())
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("reading made a file: %v", err)
	}
	owner, err := open(false)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if st, err := os.Stat(name); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v, want it to be for its owner alone", filepath.Base(name), st.Mode(), err)
		}
	}
	life := storetest.NewLife(t, owner)
	reader, err := open(true)
	if err != nil {
		t.Fatalf("Open for reading = %v, want no error", err)
	}
	life.WantSame(t, owner, reader)
	if err := reader.SetHold(t.Context(), store.Hold{Kind: store.HoldDispatch, Since: storetest.Base}); job.CodeOf(err) != job.Unavailable {
		t.Errorf("SetHold = %v, want unavailable", err)
	}
	next := func() {
		for range reader.Export(t.Context()) { // an export that is given up, while the owner writes
			if err := owner.SetHold(t.Context(), store.Hold{Kind: store.HoldDispatch, Platform: "x", Since: storetest.Base}); err != nil {
				t.Errorf("SetHold beside an export = %v, want no error", err)
			}
			break
		}
	}
	next()
	next()
	if err := reader.Close(); err != nil {
		t.Errorf("Close = %v, want no error", err)
	}
	if _, err := sqlite.Hold(path); err == nil {
		t.Error("Hold of a store that is in use succeeded")
	}
	if err := owner.Close(); err != nil {
		t.Fatal(err)
	}
	release, err := sqlite.Hold(path)
	if err != nil {
		t.Fatalf("Hold of an idle store = %v, want no error", err)
	}
	if _, err := open(false); err == nil {
		t.Error("a store that is held was opened")
	}
	if err := release(); err != nil {
		t.Error(err)
	}
}
