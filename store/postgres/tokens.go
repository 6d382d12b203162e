package postgres

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

const (
	sqlTokens       = `SELECT id, platform, name, role, hash, created_at, created_by, expires_at, revoked_at, revoked_by, used_at FROM tokens `
	sqlForgetTokens = `DELETE FROM tokens WHERE revoked_at < $1 OR expires_at < $1`
)

func token(r *row) store.Token {
	return store.Token{
		ID: r.Text(), Platform: r.Text(), Name: r.Text(), Role: r.Text(), Hash: r.Text(), CreatedAt: r.Time(), CreatedBy: r.Text(),
		ExpiresAt: r.Time(), RevokedAt: r.TimePtr(), RevokedBy: r.Text(), UsedAt: r.TimePtr(),
	}
}

// CreateToken stores a token.
func (s *Store) CreateToken(ctx context.Context, t store.Token) error {
	return s.write(ctx, func(tx *tx) error {
		store.TrailOf(ctx).Note(stored.NoteToken(nil, &t))
		return createToken(tx, &t)
	})
}

func createToken(tx *tx, t *store.Token) error {
	_, err := tx.exec(`INSERT INTO tokens (id, platform, name, role, hash, created_at, created_by, expires_at, revoked_at, revoked_by, used_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, t.ID, t.Platform, t.Name, t.Role, t.Hash, t.CreatedAt.UnixMicro(), t.CreatedBy,
		t.ExpiresAt.UnixMicro(), stored.MicrosPtr(t.RevokedAt), t.RevokedBy, stored.MicrosPtr(t.UsedAt))
	if name := violated(err); name == "tokens_name" || name == "tokens_pkey" {
		return job.Errorf(job.Conflict, "there is a token %q already", t.Name).WithHint("rotate it, revoke it, or choose another name")
	}
	return err
}

// Token returns the token with the id.
func (s *Store) Token(ctx context.Context, id string) (t store.Token, err error) {
	err = s.read(ctx, func(tx *tx) error {
		found, err := tx.first(sqlTokens+`WHERE id = $1`, []any{id}, func(r *row) { t = token(r) })
		if err == nil && !found {
			err = job.Errorf(job.NotFound, "token %q not found", id)
		}
		return err
	})
	return t, err
}

// ListTokens returns the tokens of a platform.
func (s *Store) ListTokens(ctx context.Context, platform string) (list []store.Token, err error) {
	err = s.read(ctx, func(tx *tx) error {
		list = nil
		return tx.query(sqlTokens+`WHERE platform = $1 OR $1 = '*' ORDER BY name, platform, created_at DESC, id`, []any{platform}, func(r *row) error {
			list = append(list, token(r))
			return nil
		})
	})
	return list, err
}

// findToken locks and returns the token with the id ref, else the one that bears the
// name.
func findToken(tx *tx, platform, ref string) (store.Token, error) {
	var list []store.Token
	err := tx.query(sqlTokens+`WHERE (platform = $1 OR $1 = '*') AND (id = $2 OR name = $2 AND revoked_at IS NULL) ORDER BY id <> $2 LIMIT 2 FOR UPDATE`,
		[]any{platform, ref}, func(r *row) error {
			list = append(list, token(r))
			return nil
		})
	switch {
	case err != nil:
		return store.Token{}, err
	case len(list) == 0:
		return store.Token{}, job.Errorf(job.NotFound, "token %q not found", ref)
	case len(list) > 1 && list[0].ID != ref:
		return store.Token{}, job.Errorf(job.Conflict, "tokens of several platforms are named %q", ref).WithHint("name the platform, or use the id")
	}
	return list[0], nil
}

// RevokeToken ends a token.
func (s *Store) RevokeToken(ctx context.Context, p store.RevokeToken) (t store.Token, err error) {
	err = s.write(ctx, func(tx *tx) error {
		if t, err = findToken(tx, p.Platform, p.Ref); err != nil || t.RevokedAt != nil {
			return err
		}
		before := t
		revokeToken(tx, &t, p.Now, p.By)
		store.TrailOf(ctx).Note(stored.NoteToken(&before, &t))
		return nil
	})
	return t, err
}

func revokeToken(tx *tx, t *store.Token, now time.Time, by string) {
	now = stored.Cut(now)
	t.RevokedAt, t.RevokedBy = &now, by
	tx.queue(`UPDATE tokens SET revoked_at = $1, revoked_by = $2 WHERE id = $3`, now.UnixMicro(), by, t.ID)
}

// RotateToken revokes a token and makes its successor.
func (s *Store) RotateToken(ctx context.Context, p store.RotateToken) (t store.Token, err error) {
	err = s.write(ctx, func(tx *tx) error {
		old, err := findToken(tx, p.Platform, p.Ref)
		if err != nil {
			return err
		}
		if old.RevokedAt != nil {
			return job.Errorf(job.Conflict, "token %q is revoked", p.Ref).WithHint("create a new one")
		}
		revokeToken(tx, &old, p.Now, p.By)
		t = store.Token{
			ID: p.ID, Platform: old.Platform, Name: old.Name, Role: old.Role, Hash: p.Hash, CreatedAt: stored.Cut(p.Now), CreatedBy: p.By, ExpiresAt: stored.Cut(p.ExpiresAt),
		}
		store.TrailOf(ctx).Note(stored.NoteRotation(&old, &t))
		return createToken(tx, &t)
	})
	return t, err
}

// TouchTokens notes when tokens were last used.
func (s *Store) TouchTokens(ctx context.Context, used []store.UsedToken) error {
	var ids []string
	var at []int64
	for _, u := range used {
		ids, at = append(ids, clean(u.ID)), append(at, u.At.UnixMicro())
	}
	return s.write(ctx, func(tx *tx) error {
		tx.queue(`UPDATE tokens t SET used_at = u.at FROM (SELECT id, max(at) AS at FROM unnest($1::text[], $2::bigint[]) AS u (id, at) GROUP BY id) u
			WHERE t.id = u.id AND (t.used_at IS NULL OR t.used_at < u.at)`, ids, at)
		return nil
	})
}
