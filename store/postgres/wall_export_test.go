package postgres

import (
	"context"

	"github.com/agentic-sdlc/scheduler/store/internal/reads"
)

// Behind runs a statement behind the wall for a platform, as reads do, and counts its rows.
func Behind(ctx context.Context, s *Store, platform, statement string) (n int, err error) {
	err = s.reading(s.read)(ctx, platform, func(rows reads.Rows) error {
		n = 0
		return rows(statement, nil, func(*row) error {
			n++
			return nil
		})
	})
	return n, err
}

// Forgetful returns what reads the store behind the wall for a platform, whatever platform
// it is asked about: asked about all, it is a reader whose statements forget the platform.
func Forgetful(s *Store, platform string) *reads.Reader {
	run := func(run reads.Run) reads.Run {
		return func(ctx context.Context, _ string, fn func(rows reads.Rows) error) error {
			return run(ctx, platform, fn)
		}
	}
	r := reads.NewReader(&dialect, run(s.reading(s.read)), run(s.reading(s.snapshot)))
	return &r
}

// FindWithin finds a job of any platform in the transaction of a change that is made for
// one, and says as whom the statement after it is run.
func FindWithin(ctx context.Context, s *Store, platform, ref string) (role string, err error) {
	var lost error
	err = s.write(ctx, func(t *tx) error {
		_, lost = dialect.Find(s.within(t, platform), "*", ref)
		_, err := t.first(`SELECT current_user::text || current_setting('schedd.platform')`, nil, func(r *row) { role = r.Text() })
		return err
	})
	if err == nil {
		err = lost
	}
	return role, err
}

// WalledTables are the tables that can be read behind the wall.
func WalledTables() []string { return walledTables() }
