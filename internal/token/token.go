// Package token makes and reads bearer tokens: who a program is when it uses the API
// over the network.
//
// A token is schd_ID_SECRET_SUM: 8 characters that name it, 43 of base64url for 32
// random bytes, and 8 hexadecimal digits of a CRC-32 over what stands before, so that a
// token that was cut or mistyped is known as such without asking anybody. The daemon
// keeps the id and the SHA-256 of the secret.
package token

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
)

// Lengths of the parts, in bytes.
const (
	prefix    = "schd_"
	idLen     = 8
	secretLen = 43
	sumLen    = 8
	// Length is that of every token.
	Length = len(prefix) + idLen + 1 + secretLen + 1 + sumLen
)

// Token is a token whose form is right. Whether it opens anything, only the daemon
// knows.
type Token struct {
	ID     string
	secret string
}

// New makes a token; random is crypto/rand.Reader everywhere but in tests.
func New(random io.Reader) (Token, error) {
	var b [5 + 32]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return Token{}, fmt.Errorf("make a token: %w", err)
	}
	return Token{
		ID:     strings.ToLower(base32.StdEncoding.EncodeToString(b[:5])),
		secret: base64.RawURLEncoding.EncodeToString(b[5:]),
	}, nil
}

// Parse reads a token; ok is false when its form is wrong.
func Parse(text string) (t Token, ok bool) {
	if len(text) != Length || !strings.HasPrefix(text, prefix) {
		return Token{}, false
	}
	rest := text[len(prefix):]
	t = Token{ID: rest[:idLen], secret: rest[idLen+1 : idLen+1+secretLen]}
	odd := func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') }
	if strings.ContainsFunc(t.ID, odd) {
		return Token{}, false
	}
	if _, err := base64.RawURLEncoding.DecodeString(t.secret); err != nil || t.Reveal() != text {
		return Token{}, false
	}
	return t, true
}

// Reveal returns the token as its bearer shows it. Nothing else prints it.
func (t Token) Reveal() string {
	text := prefix + t.ID + "_" + t.secret
	return fmt.Sprintf("%s_%08x", text, crc32.ChecksumIEEE([]byte(text)))
}

// String hides the secret.
func (t Token) String() string { return prefix + t.ID + "_…" }

// GoString hides it from %#v too.
func (t Token) GoString() string { return t.String() }

// Hash returns what is kept of the secret, in hexadecimal.
func (t Token) Hash() string {
	sum := sha256.Sum256([]byte(t.secret))
	return hex.EncodeToString(sum[:])
}

// Matches reports whether hash is that of the token's secret, in a time that does not
// tell where they differ.
func (t Token) Matches(hash string) bool {
	return subtle.ConstantTimeCompare([]byte(t.Hash()), []byte(hash)) == 1
}
