package daemon

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/internal/token"
	"github.com/agentic-sdlc/scheduler/store"
)

// firstLife is how long the first token is valid.
const firstLife = 90 * 24 * time.Hour

// Bootstrap makes the first token of the configured store: an admin of all platforms.
// It refuses when there is a valid one. keep gets the token before it opens anything;
// when it cannot keep it, no token is made.
func Bootstrap(ctx context.Context, cfg config.Config, keep func(text string) error) (expires time.Time, err error) {
	s, err := openStore(ctx, &cfg)
	if err != nil {
		err = storeError(err)
		var exit *exitError
		if errors.As(err, &exit) && exit.status == exitRunning {
			exit.err = fmt.Errorf("%w: while schedd runs, root makes tokens on its socket: schedctl token create NAME --role admin --platform '*'", exit.err)
		}
		return time.Time{}, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	at, err := s.Clock(ctx)
	if err != nil {
		return time.Time{}, storeError(err)
	}
	list, err := s.ListTokens(ctx, store.AnyPlatform)
	if err != nil {
		return time.Time{}, storeError(err)
	}
	for i := range list {
		if list[i].Valid(at) {
			return time.Time{}, fmt.Errorf("there is a token already, %q: the first comes only once; root makes more on the socket: schedctl token create", list[i].Name)
		}
	}
	made, err := token.New(rand.Reader)
	if err != nil {
		return time.Time{}, err
	}
	if err := keep(made.Reveal()); err != nil {
		return time.Time{}, err
	}
	expires = at.Add(firstLife).UTC().Truncate(time.Second)
	created := at.UTC().Truncate(time.Microsecond)
	ctx = store.WithTrail(ctx, &store.Trail{At: created, Action: "token.created", By: "schedd token bootstrap", Via: fmt.Sprintf("uid %d", os.Getuid())})
	return expires, s.CreateToken(ctx, store.Token{
		ID: made.ID, Platform: store.AnyPlatform, Name: "bootstrap-" + made.ID, Role: "admin", Hash: made.Hash(),
		CreatedAt: created, CreatedBy: "schedd token bootstrap", ExpiresAt: expires,
	})
}
