package reads

import (
	"context"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

const selectTokens = `SELECT id, platform, name, role, hash, created_at, created_by, expires_at, revoked_at, revoked_by, used_at FROM tokens `

func tokens(rows Rows, where string, args []any) (list []store.Token, err error) {
	err = rows(selectTokens+where, args, func(r *stored.Row) error {
		list = append(list, store.Token{
			ID: r.Text(), Platform: r.Text(), Name: r.Text(), Role: r.Text(), Hash: r.Text(), CreatedAt: r.Time(), CreatedBy: r.Text(),
			ExpiresAt: r.Time(), RevokedAt: r.TimePtr(), RevokedBy: r.Text(), UsedAt: r.TimePtr(),
		})
		return nil
	})
	return list, err
}

// Token returns the token with the id.
func (r *Reader) Token(ctx context.Context, id string) (store.Token, error) {
	return ask(ctx, r.read, store.AnyPlatform, func(rows Rows) (store.Token, error) {
		list, err := tokens(rows, `WHERE id = $1`, []any{id})
		if err == nil && len(list) == 0 {
			err = noToken(id)
		}
		if err != nil {
			return store.Token{}, err
		}
		return list[0], nil
	})
}

// ListTokens returns the tokens of a platform.
func (r *Reader) ListTokens(ctx context.Context, platform string) ([]store.Token, error) {
	return ask(ctx, r.read, platform, func(rows Rows) ([]store.Token, error) {
		return tokens(rows, `WHERE platform = $1 OR $1 = '*' ORDER BY name, platform, created_at DESC, id`, []any{platform})
	})
}

// FindToken returns the token with the id ref, else the one that bears the name; lock is
// what the database adds to lock it.
func FindToken(rows Rows, platform, ref, lock string) (store.Token, error) {
	list, err := tokens(rows, `WHERE (platform = $1 OR $1 = '*') AND (id = $2 OR name = $2 AND revoked_at IS NULL) ORDER BY id <> $2 LIMIT 2`+lock, []any{platform, ref})
	switch {
	case err != nil:
		return store.Token{}, err
	case len(list) == 0:
		return store.Token{}, noToken(ref)
	case len(list) > 1 && list[0].ID != ref:
		return store.Token{}, job.Errorf(job.Conflict, "tokens of several platforms are named %q", ref).WithHint("name the platform, or use the id")
	}
	return list[0], nil
}

func noToken(ref string) error { return job.Errorf(job.NotFound, "token %q not found", ref) }
