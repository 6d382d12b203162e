package sqlite

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

const sqlTokens = `SELECT id, platform, name, role, hash, created_at, created_by, expires_at, revoked_at, revoked_by, used_at FROM tokens `

func token(r *row) store.Token {
	return store.Token{
		ID: r.Text(), Platform: r.Text(), Name: r.Text(), Role: r.Text(), Hash: r.Text(), CreatedAt: r.Time(), CreatedBy: r.Text(),
		ExpiresAt: r.Time(), RevokedAt: r.TimePtr(), RevokedBy: r.Text(), UsedAt: r.TimePtr(),
	}
}

// CreateToken stores a token.
func (s *Store) CreateToken(ctx context.Context, t store.Token) error {
	return s.write(ctx, func(c *conn) error {
		store.TrailOf(ctx).Note(stored.NoteToken(nil, &t))
		return createToken(c, &t)
	})
}

func createToken(c *conn, t *store.Token) error {
	_, err := c.exec(`INSERT INTO tokens (id, platform, name, role, hash, created_at, created_by, expires_at, revoked_at, revoked_by, used_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, t.ID, t.Platform, t.Name, t.Role, t.Hash, t.CreatedAt.UnixMicro(), t.CreatedBy,
		t.ExpiresAt.UnixMicro(), stored.MicrosPtr(t.RevokedAt), t.RevokedBy, stored.MicrosPtr(t.UsedAt))
	if uniqueViolation(err) {
		return job.Errorf(job.Conflict, "there is a token %q already", t.Name).WithHint("rotate it, revoke it, or choose another name")
	}
	return err
}

// Token returns the token with the id.
func (s *Store) Token(ctx context.Context, id string) (t store.Token, err error) {
	err = s.read(ctx, func(c *conn) error {
		found, err := c.first(sqlTokens+`WHERE id = ?`, []any{id}, func(r *row) { t = token(r) })
		if err == nil && !found {
			err = job.Errorf(job.NotFound, "token %q not found", id)
		}
		return err
	})
	return t, err
}

// ListTokens returns the tokens of a platform.
func (s *Store) ListTokens(ctx context.Context, platform string) (list []store.Token, err error) {
	err = s.read(ctx, func(c *conn) error {
		return c.query(sqlTokens+`WHERE platform = ?1 OR ?1 = '*' ORDER BY name, platform, created_at DESC, id`, []any{platform}, func(r *row) error {
			list = append(list, token(r))
			return nil
		})
	})
	return list, err
}

// findToken returns the token with the id ref, else the one that bears the name.
func findToken(c *conn, platform, ref string) (store.Token, error) {
	var list []store.Token
	err := c.query(sqlTokens+`WHERE (platform = ?1 OR ?1 = '*') AND (id = ?2 OR name = ?2 AND revoked_at IS NULL) ORDER BY id <> ?2 LIMIT 2`,
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
	err = s.write(ctx, func(c *conn) error {
		if t, err = findToken(c, p.Platform, p.Ref); err != nil || t.RevokedAt != nil {
			return err
		}
		before := t
		err = revokeToken(c, &t, p.Now, p.By)
		store.TrailOf(ctx).Note(stored.NoteToken(&before, &t))
		return err
	})
	return t, err
}

func revokeToken(c *conn, t *store.Token, now time.Time, by string) error {
	now = stored.Cut(now)
	t.RevokedAt, t.RevokedBy = &now, by
	_, err := c.exec(`UPDATE tokens SET revoked_at = ?, revoked_by = ? WHERE id = ?`, now.UnixMicro(), by, t.ID)
	return err
}

// RotateToken revokes a token and makes its successor.
func (s *Store) RotateToken(ctx context.Context, p store.RotateToken) (t store.Token, err error) {
	err = s.write(ctx, func(c *conn) error {
		old, err := findToken(c, p.Platform, p.Ref)
		if err != nil {
			return err
		}
		if old.RevokedAt != nil {
			return job.Errorf(job.Conflict, "token %q is revoked", p.Ref).WithHint("create a new one")
		}
		if err := revokeToken(c, &old, p.Now, p.By); err != nil {
			return err
		}
		t = store.Token{
			ID: p.ID, Platform: old.Platform, Name: old.Name, Role: old.Role, Hash: p.Hash, CreatedAt: stored.Cut(p.Now), CreatedBy: p.By, ExpiresAt: stored.Cut(p.ExpiresAt),
		}
		store.TrailOf(ctx).Note(stored.NoteRotation(&old, &t))
		return createToken(c, &t)
	})
	return t, err
}

// TouchTokens notes when tokens were last used.
func (s *Store) TouchTokens(ctx context.Context, used []store.UsedToken) error {
	return s.write(ctx, func(c *conn) error {
		for _, u := range used {
			at := u.At.UnixMicro()
			if _, err := c.exec(`UPDATE tokens SET used_at = ? WHERE id = ? AND (used_at IS NULL OR used_at < ?)`, at, u.ID, at); err != nil {
				return err
			}
		}
		return nil
	})
}

// forgetTokens removes tokens that opened nothing any more at the instant.
func forgetTokens(c *conn, before time.Time) error {
	at := before.UnixMicro()
	_, err := c.exec(`DELETE FROM tokens WHERE revoked_at < ? OR expires_at < ?`, at, at)
	return err
}
