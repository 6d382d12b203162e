package control

import (
	"context"
	"crypto/rand"
	"log/slog"
	"regexp"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/internal/token"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Bounds of tokens.
const (
	standardLife = 90 * 24 * time.Hour
	minLife      = time.Minute
	maxLife      = 366 * 24 * time.Hour
	maxTokens    = 1000 // of a platform, that are not revoked
)

var tokenName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// TokenPrincipal is the caller who shows a token.
func TokenPrincipal(t *store.Token) Principal {
	return Principal{Name: "token:" + t.Name, Role: Role(t.Role), Platform: t.Platform, Token: t.ID}
}

// CreateToken makes a token for a platform, or for all of them; its role is not above
// the caller's.
func (s *Service) CreateToken(ctx context.Context, c Call, in *api.TokenInput) (api.NewToken, error) {
	var p job.Problems
	if !tokenName.MatchString(in.Name) {
		p.Add("name", "pattern", "must be letters, digits, dots, hyphens and underscores, at most 64")
	}
	role := Role(first(in.Role, string(RoleViewer)))
	job.OneOf(&p, "role", role, Roles())
	expires := expiry(&p, in.ExpiresIn, c.Now)
	if err := p.Err(); err != nil {
		return api.NewToken{}, err
	}
	platform, err := c.tokenHome(in.PlatformID)
	if err != nil {
		return api.NewToken{}, err
	}
	if !c.Principal.Role.Allows(role) {
		return api.NewToken{}, job.Errorf(job.Forbidden, "a token may not do more than who makes it: its role must not be above %s", c.Principal.Role)
	}
	if err := s.inUse(platform); err != nil {
		return api.NewToken{}, err
	}
	if err := s.roomForToken(ctx, platform); err != nil {
		return api.NewToken{}, err
	}
	secret, err := token.New(rand.Reader)
	if err != nil {
		return api.NewToken{}, err
	}
	made := store.Token{
		ID: secret.ID, Platform: platform, Name: in.Name, Role: string(role), Hash: secret.Hash(), CreatedAt: c.Now, CreatedBy: c.Principal.Name, ExpiresAt: expires,
	}
	if err := s.store.CreateToken(c.trail(ctx, "token.created"), made); err != nil {
		return api.NewToken{}, err
	}
	s.did(ctx, c, "token created", tokenAttrs(&made)...)
	return api.NewToken{Token: tokenOf(&made, c.Now), Secret: secret.Reveal()}, nil
}

// tokenHome is the platform of a new token. Unlike a job it may belong to all.
func (c Call) tokenHome(asked *string) (string, error) {
	if asked != nil {
		if c.Platform != "" && c.Platform != *asked {
			return "", fieldError("platform_id", "contradiction", "contradicts the platform_id of the query")
		}
		if c.Platform = *asked; c.Platform == "" {
			return "", fieldError("platform_id", "pattern", "must not be empty; leave it out")
		}
	}
	if c.Platform == AnyPlatform {
		return c.scope()
	}
	return c.home()
}

func (s *Service) roomForToken(ctx context.Context, platform string) error {
	list, err := s.store.ListTokens(ctx, platform)
	if err != nil {
		return err
	}
	n := 0
	for i := range list {
		if list[i].RevokedAt == nil && list[i].Platform == platform {
			n++
		}
	}
	if n >= maxTokens {
		return job.Errorf(job.Conflict, "there are %d tokens already", n).WithHint("revoke those that nobody uses: schedctl token list")
	}
	return nil
}

// expiry is when a token ends that is made now.
func expiry(p *job.Problems, text string, now time.Time) time.Time {
	life := standardLife
	if text != "" {
		var err error
		if life, err = time.ParseDuration(text); err != nil {
			p.Add("expires_in", "syntax", `%.40q is not a duration such as "720h"`, text)
		} else if life < minLife || life > maxLife {
			p.Add("expires_in", "out_of_range", "must lie within a minute and 366 days")
		}
	}
	return now.Add(life)
}

// ListTokens returns the tokens of the caller's platform, revoked ones too, by name.
func (s *Service) ListTokens(ctx context.Context, c Call) ([]api.Token, error) {
	scope, err := c.scope()
	if err != nil {
		return nil, err
	}
	list, err := s.store.ListTokens(ctx, scope)
	tokens := make([]api.Token, len(list))
	for i := range list {
		tokens[i] = tokenOf(&list[i], c.Now)
	}
	return tokens, err
}

// RevokeToken ends a token at once. One that is revoked stays as it is.
func (s *Service) RevokeToken(ctx context.Context, c Call, ref string) (api.Token, error) {
	scope, err := c.scope()
	if err != nil {
		return api.Token{}, err
	}
	t, err := s.store.RevokeToken(c.trail(ctx, "token.revoked"), store.RevokeToken{Platform: scope, Ref: ref, By: c.Principal.Name, Now: c.Now})
	if err != nil {
		return api.Token{}, err
	}
	s.did(ctx, c, "token revoked", tokenAttrs(&t)...)
	return tokenOf(&t, c.Now), nil
}

// RotateToken ends a token and makes another with its name, platform and role.
func (s *Service) RotateToken(ctx context.Context, c Call, ref string, in *api.TokenRotation) (api.NewToken, error) {
	var p job.Problems
	expires := expiry(&p, in.ExpiresIn, c.Now)
	if err := p.Err(); err != nil {
		return api.NewToken{}, err
	}
	scope, err := c.scope()
	if err != nil {
		return api.NewToken{}, err
	}
	secret, err := token.New(rand.Reader)
	if err != nil {
		return api.NewToken{}, err
	}
	t, err := s.store.RotateToken(c.trail(ctx, "token.rotated"), store.RotateToken{
		Platform: scope, Ref: ref, ID: secret.ID, Hash: secret.Hash(), ExpiresAt: expires, By: c.Principal.Name, Now: c.Now,
	})
	if err != nil {
		return api.NewToken{}, err
	}
	s.did(ctx, c, "token rotated", tokenAttrs(&t)...)
	return api.NewToken{Token: tokenOf(&t, c.Now), Secret: secret.Reveal()}, nil
}

// Whoami says who the caller is.
func (s *Service) Whoami(ctx context.Context, c Call) (api.Whoami, error) {
	p := c.Principal
	w := api.Whoami{Name: p.Name, Role: string(p.Role), PlatformID: platformID(p.reach()), Commands: p.Commands, Via: "socket", TokenID: p.Token}
	if p.Token == "" {
		return w, nil
	}
	t, err := s.store.Token(ctx, p.Token)
	w.Via, w.ExpiresAt = "token", &t.ExpiresAt
	return w, err
}

// tokenOf is a token as the API shows it.
func tokenOf(t *store.Token, now time.Time) api.Token {
	state := api.TokenValid
	switch {
	case t.RevokedAt != nil:
		state = api.TokenRevoked
	case !t.Valid(now):
		state = api.TokenExpired
	}
	return api.Token{
		ID: t.ID, Name: t.Name, Role: t.Role, PlatformID: platformID(t.Platform), State: state, CreatedAt: t.CreatedAt, CreatedBy: t.CreatedBy,
		ExpiresAt: t.ExpiresAt, RevokedAt: t.RevokedAt, RevokedBy: t.RevokedBy, LastUsedAt: t.UsedAt,
	}
}

// platformID is a platform as the API shows it: the reserved one as none.
func platformID(platform string) *string {
	if platform == job.DefaultPlatform {
		return nil
	}
	return &platform
}

// tokenAttrs name a token in the log. Attributes whose name says token are masked there,
// so these say credential.
func tokenAttrs(t *store.Token) []slog.Attr {
	return []slog.Attr{
		slog.String("credential", t.Name), slog.String("credential_id", t.ID), slog.String("role", t.Role), slog.String("platform", t.Platform),
	}
}
