package store

import "time"

// Token is what the store keeps of a credential for the network: never its secret.
type Token struct {
	ID       string // 8 characters, part of what the bearer shows
	Platform string // that its bearer is confined to; AnyPlatform = all
	Name     string // unique among the tokens of the platform that are not revoked
	Role     string // viewer, operator or admin
	Hash     string // SHA-256 of the secret, in hexadecimal

	CreatedAt time.Time
	CreatedBy string
	ExpiresAt time.Time
	RevokedAt *time.Time // nil = it was not
	RevokedBy string
	UsedAt    *time.Time // last, to the hour; nil = never
}

// Valid reports whether the token opens anything at an instant.
func (t *Token) Valid(now time.Time) bool { return t.RevokedAt == nil && now.Before(t.ExpiresAt) }

// RevokeToken ends a token.
type RevokeToken struct {
	Platform string // scope; AnyPlatform = all
	Ref      string // its id, or the name of one that is not revoked
	By       string
	Now      time.Time
}

// RotateToken puts a new secret in the place of an old one.
type RotateToken struct {
	Platform  string // scope; AnyPlatform = all
	Ref       string // id, or name
	ID, Hash  string // of the new token
	ExpiresAt time.Time
	By        string
	Now       time.Time
}

// UsedToken says when a token was last used.
type UsedToken struct {
	ID string
	At time.Time
}
