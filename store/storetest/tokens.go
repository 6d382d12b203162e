package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// tokenTests are about credentials for the network.
func tokenTests() []test {
	return []test{
		{"a token comes back as it was stored", testTokenStored},
		{"an unknown token is not found", testTokenUnknown},
		{"names are unique among the tokens of a platform that are not revoked", testTokenNames},
		{"ids are unique", testTokenIDs},
		{"tokens are listed by name, the newest first", testTokenList},
		{"a revoked token stays revoked as it was", testTokenRevoke},
		{"a name that two platforms have is a conflict for both", testTokenAmbiguous},
		{"a name that looks like an id does not hide the id", testTokenNamedLikeID},
		{"rotating revokes the old and keeps name, platform and role", testTokenRotate},
		{"what is revoked cannot be rotated", testTokenRotateRevoked},
		{"the last use never goes back", testTokenTouch},
		{"tokens that opened nothing for long are forgotten", testTokenForgotten},
		{"a token of the reserved words and of odd names", testTokenText},
	}
}

// token stores a token of the bench's platform; its id is made of its name.
func (b *bench) token(name string, edits ...func(t *store.Token)) store.Token {
	b.Helper()
	t := store.Token{
		ID: tokenID(b, name), Platform: b.platform, Name: name, Role: "operator", Hash: strings.Repeat("ab", 32),
		CreatedAt: b.now, CreatedBy: "uid:0", ExpiresAt: b.now.Add(time.Hour),
	}
	for _, edit := range edits {
		edit(&t)
	}
	if err := b.store.CreateToken(b.ctx, t); err != nil {
		b.Fatalf("CreateToken(%+v) = %v, want no error", t, err)
	}
	return t
}

// tokenID is an id that no other test uses.
func tokenID(b *bench, name string) string { return b.platform + "." + name }

func (b *bench) tokens(platform string) []store.Token {
	b.Helper()
	got, err := b.store.ListTokens(b.ctx, platform)
	if err != nil {
		b.Fatalf("ListTokens = %v, want no error", err)
	}
	return got
}

func (b *bench) tokenByID(id string) store.Token {
	b.Helper()
	got, err := b.store.Token(b.ctx, id)
	if err != nil {
		b.Fatalf("Token(%q) = %v, want no error", id, err)
	}
	return got
}

func (b *bench) revoke(platform, ref string) (store.Token, error) {
	return b.store.RevokeToken(b.ctx, store.RevokeToken{Platform: platform, Ref: ref, By: "uid:7", Now: b.now})
}

func testTokenStored(_ *testing.T, b *bench) {
	for _, role := range []string{"viewer", "operator", "admin"} {
		want := b.token("ci-"+role, func(t *store.Token) { t.Role, t.ExpiresAt = role, b.now.Add(90*24*time.Hour+time.Microsecond) })
		b.wantSame("the token", want, b.tokenByID(want.ID))
	}
	err := b.store.CreateToken(b.ctx, store.Token{ID: tokenID(b, "root"), Platform: b.platform, Name: "root", Role: "root", CreatedAt: b.now, ExpiresAt: b.now})
	if err == nil {
		b.Errorf("a token of the role root was stored")
	}
}

func testTokenUnknown(_ *testing.T, b *bench) {
	b.token("ci")
	for _, id := range []string{"", "ci", "%", tokenID(b, "CI"), tokenID(b, "ci") + " ", tokenID(b, "ci") + "'"} {
		_, err := b.store.Token(b.ctx, id)
		b.wantCode("Token("+id+")", err, job.NotFound)
	}
}

func testTokenNames(_ *testing.T, b *bench) {
	first := b.token("ci")
	again := first
	again.ID = tokenID(b, "second")
	b.wantCode("a second token of that name", b.store.CreateToken(b.ctx, again), job.Conflict)
	b.token("CI")
	b.token("ci", func(t *store.Token) { t.ID, t.Platform = tokenID(b, "elsewhere"), b.platform+"-b" })
	if _, err := b.revoke(b.platform, "ci"); err != nil {
		b.Fatalf("RevokeToken = %v, want no error", err)
	}
	b.wantCode("the name of a revoked token", b.store.CreateToken(b.ctx, again), "")
	b.pass(2 * time.Hour)
	again.ID = tokenID(b, "third")
	b.wantCode("the name of an expired token", b.store.CreateToken(b.ctx, again), job.Conflict)
}

func testTokenIDs(_ *testing.T, b *bench) {
	first := b.token("ci")
	other := first
	other.Name, other.Role = "other", "admin"
	b.wantCode("a token with a taken id", b.store.CreateToken(b.ctx, other), job.Conflict)
	b.wantSame("the first", first, b.tokenByID(first.ID))
}

func testTokenList(_ *testing.T, b *bench) {
	old := b.token("ci")
	b.pass(time.Second)
	revoked, err := b.revoke(b.platform, "ci")
	if err != nil {
		b.Fatalf("RevokeToken = %v, want no error", err)
	}
	b.pass(time.Second)
	fresh := b.token("ci", func(t *store.Token) { t.ID += "2" })
	a := b.token("a")
	everywhere := b.token("b"+b.platform, func(t *store.Token) { t.Platform = store.AnyPlatform })
	b.wantSame("the list", []store.Token{a, fresh, revoked}, b.tokens(b.platform))
	wantEqual(b, "the same token", revoked.ID, old.ID)
	wantEqual(b, "tokens of nobody", len(b.tokens(b.platform+"-b")), 0)
	found := 0
	for _, t := range b.tokens(store.AnyPlatform) {
		if t.ID == everywhere.ID || t.ID == fresh.ID {
			found++
		}
	}
	wantEqual(b, "found among all", found, 2)
}

func testTokenRevoke(_ *testing.T, b *bench) {
	t := b.token("ci")
	wantEqual(b, "valid at first", t.Valid(b.now), true)
	wantEqual(b, "valid at its end", t.Valid(t.ExpiresAt), false)
	b.pass(time.Second)
	for _, ref := range []string{"ci", t.ID, t.ID} { // by name, then again by id
		got, err := b.revoke(b.platform, ref)
		b.wantCode("RevokeToken("+ref+")", err, "")
		b.wantTime("revoked_at", got.RevokedAt, t.CreatedAt.Add(time.Second))
		wantEqual(b, "revoked_by", got.RevokedBy, "uid:7")
		wantEqual(b, "valid", got.Valid(t.CreatedAt), false)
		b.wantSame("the token", got, b.tokenByID(t.ID))
		b.pass(time.Second)
	}
	_, err := b.revoke(b.platform, "ci")
	b.wantCode("the name of a revoked token", err, job.NotFound)
}

func testTokenAmbiguous(_ *testing.T, b *bench) {
	name := "ci-" + b.platform
	own := b.token(name)
	other := b.token(name, func(t *store.Token) { t.ID, t.Platform = tokenID(b, "other"), b.platform+"-b" })
	_, err := b.revoke(store.AnyPlatform, name)
	b.wantCode("RevokeToken", err, job.Conflict)
	_, err = b.store.RotateToken(b.ctx, store.RotateToken{Platform: store.AnyPlatform, Ref: name, ID: tokenID(b, "x"), Hash: "00", ExpiresAt: b.now, Now: b.now})
	b.wantCode("RotateToken", err, job.Conflict)
	b.wantSame("its own", own, b.tokenByID(own.ID))
	_, err = b.revoke(store.AnyPlatform, other.ID)
	b.wantCode("RevokeToken by id", err, "")
	_, err = b.revoke(store.AnyPlatform, name)
	b.wantCode("RevokeToken when one is left", err, "")
}

func testTokenNamedLikeID(_ *testing.T, b *bench) {
	first := b.token("ci")
	b.token("other", func(t *store.Token) { t.Name = first.ID })
	got, err := b.revoke(b.platform, first.ID)
	b.wantCode("RevokeToken", err, "")
	wantEqual(b, "revoked", got.ID, first.ID)
}

func testTokenRotate(_ *testing.T, b *bench) {
	for _, byName := range []bool{true, false} {
		name := map[bool]string{true: "ci", false: "cd"}[byName]
		old := b.token(name, func(t *store.Token) { t.Role = "admin" })
		b.pass(2 * time.Hour) // it has expired
		ref := map[bool]string{true: name, false: old.ID}[byName]
		next, err := b.store.RotateToken(b.ctx, store.RotateToken{
			Platform: b.platform, Ref: ref, ID: old.ID + "2", Hash: strings.Repeat("cd", 32), ExpiresAt: b.now.Add(time.Hour), By: "uid:7", Now: b.now,
		})
		b.wantCode("RotateToken", err, "")
		b.wantSame("the new token", store.Token{
			ID: old.ID + "2", Platform: b.platform, Name: name, Role: "admin", Hash: strings.Repeat("cd", 32),
			CreatedAt: b.now, CreatedBy: "uid:7", ExpiresAt: b.now.Add(time.Hour),
		}, next)
		b.wantSame("the new token, read", next, b.tokenByID(next.ID))
		b.wantTime("revoked_at of the old", b.tokenByID(old.ID).RevokedAt, b.now)
	}
}

func testTokenRotateRevoked(_ *testing.T, b *bench) {
	t, taken := b.token("ci"), b.token("taken")
	p := store.RotateToken{Platform: b.platform, Ref: t.ID, ID: taken.ID, Hash: "00", ExpiresAt: b.now, Now: b.now}
	_, err := b.store.RotateToken(b.ctx, p)
	b.wantCode("a taken id", err, job.Conflict)
	b.wantSame("the token after that", t, b.tokenByID(t.ID))
	if _, err := b.revoke(b.platform, t.ID); err != nil {
		b.Fatalf("RevokeToken = %v, want no error", err)
	}
	p.ID = tokenID(b, "new")
	_, err = b.store.RotateToken(b.ctx, p)
	b.wantCode("a revoked token", err, job.Conflict)
}

func testTokenTouch(_ *testing.T, b *bench) {
	one, two := b.token("one"), b.token("two")
	touch := func(used ...store.UsedToken) {
		b.Helper()
		if err := b.store.TouchTokens(b.ctx, used); err != nil {
			b.Fatalf("TouchTokens = %v, want no error", err)
		}
	}
	touch()
	touch(store.UsedToken{ID: one.ID, At: at(60)}, store.UsedToken{ID: "gone", At: at(60)}, store.UsedToken{ID: one.ID, At: at(50)})
	b.wantTime("used_at", b.tokenByID(one.ID).UsedAt, at(60))
	touch(store.UsedToken{ID: one.ID, At: at(30)}, store.UsedToken{ID: two.ID, At: at(30)})
	b.wantTime("used_at of one", b.tokenByID(one.ID).UsedAt, at(60))
	b.wantTime("used_at of two", b.tokenByID(two.ID).UsedAt, at(30))
}

func testTokenForgotten(_ *testing.T, b *bench) {
	b.token("expired")
	b.token("revoked", func(t *store.Token) { t.ExpiresAt = b.now.Add(1000 * time.Hour) })
	b.token("good", func(t *store.Token) { t.ExpiresAt = b.now.Add(1000 * time.Hour) })
	if _, err := b.revoke(b.platform, "revoked"); err != nil {
		b.Fatalf("RevokeToken = %v, want no error", err)
	}
	b.pass(50 * time.Hour)
	b.retain(store.Retention{Success: time.Hour, Failed: 51 * time.Hour})
	wantEqual(b, "tokens", len(b.tokens(b.platform)), 3)
	b.retain(store.Retention{Success: time.Hour, Failed: 47 * time.Hour})
	if got := b.tokens(b.platform); len(got) != 1 || got[0].Name != "good" {
		b.Errorf("tokens = %+v, want the good one", got)
	}
}

func testTokenText(_ *testing.T, b *bench) {
	for i, name := range []string{"%", "_", "a'b", `a"b\`, "bäckup", "SELECT", "$1", "--"} {
		want := b.token(name, func(t *store.Token) { t.ID = tokenID(b, string(rune('a'+i))) })
		got, err := b.revoke(b.platform, name)
		b.wantCode("RevokeToken("+name+")", err, "")
		wantEqual(b, "revoked", got.ID, want.ID)
	}
}
