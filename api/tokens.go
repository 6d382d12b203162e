package api

import "time"

// States of a Token.
const (
	TokenValid   = "valid"
	TokenExpired = "expired"
	TokenRevoked = "revoked"
)

// TokenStates returns all states.
func TokenStates() []string { return []string{TokenValid, TokenExpired, TokenRevoked} }

// Roles returns the roles that a token may have, the least first.
func Roles() []string { return []string{"viewer", "operator", "admin"} }

// Token is what is told of a credential for the network. Its secret is told once, when
// it is made.
type Token struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Role       string     `json:"role"`        // one of Roles
	PlatformID *string    `json:"platform_id"` // "*" = all; null = the reserved platform
	State      string     `json:"state"`       // one of TokenStates
	CreatedAt  time.Time  `json:"created_at"`
	CreatedBy  string     `json:"created_by"`
	ExpiresAt  time.Time  `json:"expires_at"`
	RevokedAt  *time.Time `json:"revoked_at,omitempty"`
	RevokedBy  string     `json:"revoked_by,omitempty"`
	LastUsedAt *time.Time `json:"last_used_at"` // to the hour; null = never
}

// TokenInput is the body of POST /tokens.
type TokenInput struct {
	Name       string  `json:"name"`
	Role       string  `json:"role,omitempty"`        // "" = viewer
	PlatformID *string `json:"platform_id,omitempty"` // "*" = all
	ExpiresIn  string  `json:"expires_in,omitempty"`  // a duration such as "720h", at most a year; "" = 90 days
}

// TokenRotation is the optional body of POST /tokens/{id}/rotate.
type TokenRotation struct {
	ExpiresIn string `json:"expires_in,omitempty"` // of the new token; "" = 90 days
}

// NewToken is the answer of POST /tokens and of a rotation.
type NewToken struct {
	Token

	Secret string `json:"token"` // what its bearer shows; never told again
}

// Whoami is the answer of GET /whoami: who the caller is to schedd.
type Whoami struct {
	Name       string     `json:"name"` // stands in created_by
	Role       string     `json:"role"`
	PlatformID *string    `json:"platform_id"` // that the caller is confined to; "*" = all; null = the reserved one
	Commands   bool       `json:"free_commands"`
	Via        string     `json:"via"` // socket | token
	TokenID    string     `json:"token_id,omitempty"`
	ExpiresAt  *time.Time `json:"expires_at,omitempty"` // of the token
}
