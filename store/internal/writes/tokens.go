package writes

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// CreateToken stores a token.
func (w *Writer) CreateToken(ctx context.Context, t store.Token) error {
	return w.write(ctx, func(tx Tx) error {
		store.TrailOf(ctx).Note(stored.NoteToken(nil, &t))
		return w.createToken(tx, &t)
	})
}

func (w *Writer) createToken(tx Tx, t *store.Token) error {
	_, err := tx.Exec(`INSERT INTO tokens (id, platform, name, role, hash, created_at, created_by, expires_at, revoked_at, revoked_by, used_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, t.ID, t.Platform, t.Name, t.Role, t.Hash, t.CreatedAt.UnixMicro(), t.CreatedBy,
		t.ExpiresAt.UnixMicro(), stored.MicrosPtr(t.RevokedAt), t.RevokedBy, stored.MicrosPtr(t.UsedAt))
	if w.dialect.Taken(err) {
		return job.Errorf(job.Conflict, "there is a token %q already", t.Name).WithHint("rotate it, revoke it, or choose another name")
	}
	return err
}

// RevokeToken ends a token.
func (w *Writer) RevokeToken(ctx context.Context, p store.RevokeToken) (store.Token, error) {
	return change(ctx, w, func(tx Tx) (store.Token, error) {
		t, err := reads.FindToken(tx.Query, p.Platform, p.Ref, w.dialect.ForUpdate)
		if err != nil || t.RevokedAt != nil {
			return t, err
		}
		before := t
		err = revokeToken(tx, &t, p.Now, p.By)
		store.TrailOf(ctx).Note(stored.NoteToken(&before, &t))
		return t, err
	})
}

func revokeToken(tx Tx, t *store.Token, now time.Time, by string) error {
	now = stored.Cut(now)
	t.RevokedAt, t.RevokedBy = &now, by
	_, err := tx.Exec(`UPDATE tokens SET revoked_at = $1, revoked_by = $2 WHERE id = $3`, now.UnixMicro(), by, t.ID)
	return err
}

// RotateToken revokes a token and makes its successor.
func (w *Writer) RotateToken(ctx context.Context, p store.RotateToken) (store.Token, error) {
	return change(ctx, w, func(tx Tx) (t store.Token, err error) {
		old, err := reads.FindToken(tx.Query, p.Platform, p.Ref, w.dialect.ForUpdate)
		if err != nil {
			return t, err
		}
		if old.RevokedAt != nil {
			return t, job.Errorf(job.Conflict, "token %q is revoked", p.Ref).WithHint("create a new one")
		}
		if err := revokeToken(tx, &old, p.Now, p.By); err != nil {
			return t, err
		}
		t = store.Token{
			ID: p.ID, Platform: old.Platform, Name: old.Name, Role: old.Role, Hash: p.Hash, CreatedAt: stored.Cut(p.Now), CreatedBy: p.By, ExpiresAt: stored.Cut(p.ExpiresAt),
		}
		store.TrailOf(ctx).Note(stored.NoteRotation(&old, &t))
		return t, w.createToken(tx, &t)
	})
}

// TouchTokens notes when tokens were last used. Several nodes do so at once: rows are
// locked in one order.
func (w *Writer) TouchTokens(ctx context.Context, used []store.UsedToken) error {
	used = slices.SortedFunc(slices.Values(used), func(a, b store.UsedToken) int { return cmp.Compare(a.ID, b.ID) })
	return w.write(ctx, func(tx Tx) error {
		for _, u := range used {
			if _, err := tx.Exec(`UPDATE tokens SET used_at = $1 WHERE id = $2 AND (used_at IS NULL OR used_at < $1)`, u.At.UnixMicro(), u.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// ForgetTokens removes tokens that opened nothing any more at the instant.
func ForgetTokens(tx Tx, before time.Time) error {
	_, err := tx.Exec(`DELETE FROM tokens WHERE revoked_at < $1 OR expires_at < $1`, before.UnixMicro())
	return err
}
