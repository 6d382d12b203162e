package access

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/token"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

var start = time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)

// fake is a store of tokens.
type fake struct {
	mu     sync.Mutex
	tokens map[string]store.Token
	asked  []string
	down   error
	used   []store.UsedToken
}

func (f *fake) Token(_ context.Context, id string) (store.Token, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, id)
	if f.down != nil {
		return store.Token{}, f.down
	}
	t, ok := f.tokens[id]
	if !ok {
		return t, job.Errorf(job.NotFound, "token %q not found", id)
	}
	return t, nil
}

func (f *fake) TouchTokens(_ context.Context, used []store.UsedToken) error {
	f.used = append(f.used, used...)
	return f.down
}

// bench is a gate with a clock and a few tokens.
type bench struct {
	t     testing.TB
	store *fake
	gate  *Gate
	now   time.Time
}

func newBench(t testing.TB) *bench {
	b := &bench{t: t, store: &fake{tokens: map[string]store.Token{}}, now: start}
	b.gate = New(Options{Store: b.store, Now: func() time.Time { return b.now }, Rate: 100, Burst: 200})
	return b
}

// issue stores a token that is valid for an hour and returns what its bearer shows.
func (b *bench) issue(name string, edit func(*store.Token)) string {
	b.t.Helper()
	made, err := token.New(rand.Reader)
	if err != nil {
		b.t.Fatal(err)
	}
	kept := store.Token{ID: made.ID, Platform: "web", Name: name, Role: "operator", Hash: made.Hash(), ExpiresAt: b.now.Add(time.Hour)}
	if edit != nil {
		edit(&kept)
	}
	b.store.tokens[made.ID] = kept
	return made.Reveal()
}

func (b *bench) enter(source string, authorization ...string) (store.Token, error) {
	return b.gate.Enter(context.Background(), authorization, source)
}

func TestEnter(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	good := b.issue("ci", nil)
	for _, header := range []string{"Bearer " + good, "bearer " + good, "BEARER  " + good} {
		if got, err := b.enter("192.0.2.1", header); err != nil || got.Name != "ci" || got.Platform != "web" || got.Role != "operator" {
			t.Errorf("%.8s…: %+v, %v; want the token ci", header, got, err)
		}
	}
}

// TestEnterRefuses is row B64 of bad-input.md: one sentence for everything, and V7.
func TestEnterRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	good := b.issue("ci", nil)
	expired := b.issue("expired", func(t *store.Token) { t.ExpiresAt = b.now })
	revoked := b.issue("revoked", func(t *store.Token) { t.RevokedAt = &b.now })
	wrong := b.issue("wrong", func(t *store.Token) { t.Hash = strings.Repeat("0", 64) })
	empty := b.issue("no hash", func(t *store.Token) { t.Hash = "" })
	other := newBench(t).issue("ci", nil) // of another instance
	_, want := b.enter("")
	if job.CodeOf(want) != job.Unauthenticated {
		t.Fatalf("nothing: %v, want unauthenticated", want)
	}
	jwt := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"admin"}`)) + "."
	for name, headers := range map[string][]string{
		"Basic": {"Basic YWRtaW46YWRtaW4="}, "Basic with the token": {"Basic " + good}, "no scheme": {good}, "empty": {""}, "no token": {"Bearer"}, "blank": {"Bearer "},
		"two headers": {"Bearer " + good, "Bearer " + good}, "two tokens": {"Bearer " + good + " " + good}, "a list": {"Bearer " + good + ", Bearer " + good},
		"expired": {"Bearer " + expired}, "revoked": {"Bearer " + revoked}, "wrong secret": {"Bearer " + wrong}, "no hash": {"Bearer " + empty},
		"unknown": {"Bearer " + other}, "without a signature": {"Bearer " + jwt}, "cut": {"Bearer " + good[:60]}, "a tab": {"Bearer\t" + good}, "a blank behind": {"Bearer " + good + " "},
		"sql": {"Bearer ' OR 1=1 --"}, "NUL": {"Bearer " + good + "\x00"},
	} {
		got, err := b.enter(name, headers...) // each from a source of its own
		if err == nil || err.Error() != want.Error() || job.CodeOf(err) != job.Unauthenticated || got != (store.Token{}) {
			t.Errorf("%s: %+v, %v; want %v", name, got, err, want)
		}
	}
}

// TestSameWay is V32: an unknown id and a wrong secret ask the store once each, and
// compare once each.
func TestSameWay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	unknown := newBench(t).issue("ci", nil)
	wrong := b.issue("wrong", func(t *store.Token) { t.Hash = strings.Repeat("0", 64) })
	for _, text := range []string{unknown, wrong} {
		b.store.asked = nil
		_, _ = b.enter("192.0.2.1", "Bearer "+text)
		if shown, _ := token.Parse(text); !slices.Equal(b.store.asked, []string{shown.ID}) {
			t.Errorf("the store was asked for %v, want %s", b.store.asked, shown.ID)
		}
		shown, _ := token.Parse(text)
		if found, err := b.gate.find(context.Background(), shown); err != nil || len(found.Hash) != 64 || shown.Matches(found.Hash) {
			t.Errorf("find = a hash of %d bytes, %v; want 64 that do not match", len(found.Hash), err)
		}
	}
}

func TestStoreAway(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	good := b.issue("ci", nil)
	b.store.down = job.Errorf(job.Unavailable, "the store does not answer")
	for range 20 {
		if _, err := b.enter("192.0.2.1", "Bearer "+good); job.CodeOf(err) != job.Unavailable {
			t.Fatalf("without the store: %v, want unavailable", err)
		}
	}
	if err := b.gate.Still(context.Background(), "x"); job.CodeOf(err) != job.Unavailable {
		t.Errorf("Still without the store = %v, want unavailable", err)
	}
}

// TestStill is V34.
func TestStill(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	shown, _ := token.Parse(b.issue("ci", nil))
	if err := b.gate.Still(context.Background(), shown.ID); err != nil {
		t.Errorf("a good token: %v", err)
	}
	kept := b.store.tokens[shown.ID]
	kept.RevokedAt = &b.now
	b.store.tokens[shown.ID] = kept
	if err := b.gate.Still(context.Background(), shown.ID); job.CodeOf(err) != job.Unauthenticated {
		t.Errorf("a revoked token: %v, want unauthenticated", err)
	}
	kept.RevokedAt = nil
	b.store.tokens[shown.ID], b.now = kept, b.now.Add(time.Hour)
	if err := b.gate.Still(context.Background(), shown.ID); job.CodeOf(err) != job.Unauthenticated {
		t.Errorf("an expired token: %v, want unauthenticated", err)
	}
	delete(b.store.tokens, shown.ID)
	if err := b.gate.Still(context.Background(), shown.ID); job.CodeOf(err) != job.Unauthenticated {
		t.Errorf("a token that is gone: %v, want unauthenticated", err)
	}
}

// TestRate holds the limit at its edge: burst at once, then rate a second; B66.
func TestRate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	one, two := "Bearer "+b.issue("one", nil), "Bearer "+b.issue("two", nil)
	let := func(header string, n int) (passed int) {
		for range n {
			if _, err := b.enter("192.0.2.1", header); err == nil {
				passed++
			} else if limited, ok := errors.AsType[*LimitError](err); !ok || job.CodeOf(err) != job.RateLimited || limited.RetryAfter() != time.Second {
				t.Fatalf("over the limit: %v", err)
			}
		}
		return passed
	}
	for i, step := range []struct {
		header     string
		wait       time.Duration
		asked, got int
	}{
		{one, 0, 200, 200}, {one, 0, 1, 0}, {two, 0, 1, 1}, {one, 10 * time.Millisecond, 5, 1}, {one, time.Second, 20_000, 100},
		{one, -time.Hour, 5, 0}, {one, time.Hour, 20_000, 200},
	} {
		b.now = b.now.Add(step.wait)
		if got := let(step.header, step.asked); got != step.got {
			t.Errorf("step %d: %d of %d passed, want %d", i, got, step.asked, step.got)
		}
	}
	b.gate.Apply(1, 2)
	b.now = b.now.Add(time.Minute)
	if got := let(one, 10); got != 2 {
		t.Errorf("after Apply(1, 2): %d passed, want 2", got)
	}
}

// TestWrongTries: ten wrong tokens a minute from one network; a right one passes even
// then, so that nobody can lock out a neighbour.
func TestWrongTries(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	good := "Bearer " + b.issue("ci", nil)
	for _, sources := range [][]string{{"192.0.2.1", "::ffff:192.0.2.1"}, {"2001:db8::1", "2001:db8::2:3"}} {
		for i := range 10 {
			if _, err := b.enter(sources[i%2], "Bearer nonsense"); job.CodeOf(err) != job.Unauthenticated {
				t.Fatalf("try %d: %v", i, err)
			}
		}
		_, err := b.enter(sources[0], "Bearer nonsense")
		if limited, ok := errors.AsType[*LimitError](err); !ok || limited.RetryAfter() != time.Minute {
			t.Errorf("try 11: %v, want a minute to wait", err)
		}
		if _, err := b.enter(sources[0], good); err != nil {
			t.Errorf("a right token after them: %v", err)
		}
	}
	for _, source := range []string{"192.0.2.2", "2001:db8:0:1::1"} {
		if _, err := b.enter(source, "Bearer nonsense"); job.CodeOf(err) != job.Unauthenticated {
			t.Errorf("%s: %v, want unauthenticated", source, err)
		}
	}
	for range 20 { // no token is no wrong token
		if _, err := b.enter("192.0.2.3"); job.CodeOf(err) != job.Unauthenticated {
			t.Fatalf("no token: %v", err)
		}
	}
	b.now = b.now.Add(time.Minute)
	if _, err := b.enter("192.0.2.1", "Bearer nonsense"); job.CodeOf(err) != job.Unauthenticated {
		t.Errorf("a minute later: %v, want unauthenticated", err)
	}
}

// TestManySources: what is remembered of wrong tokens is bounded.
func TestManySources(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 3 * maxSources {
		_, _ = b.enter(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), "Bearer nonsense")
	}
	if n := len(b.gate.wrong.counts); n != maxSources {
		t.Errorf("%d sources are remembered, want %d", n, maxSources)
	}
}

func TestFlush(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	text := b.issue("ci", nil)
	shown, _ := token.Parse(text)
	use := func() {
		if _, err := b.enter("192.0.2.1", "Bearer "+text); err != nil {
			t.Fatal(err)
		}
	}
	b.gate.Flush(t.Context())
	use()
	use()
	b.store.down = errors.New("away")
	b.gate.Flush(t.Context())
	b.store.down = nil
	b.gate.Flush(t.Context())
	b.gate.Flush(t.Context())
	b.now = b.now.Add(31 * time.Minute) // another hour
	use()
	b.gate.Flush(t.Context())
	want := []store.UsedToken{{ID: shown.ID, At: start.Truncate(time.Hour)}, {ID: shown.ID, At: start.Truncate(time.Hour)}, {ID: shown.ID, At: start.Truncate(time.Hour).Add(time.Hour)}}
	if !slices.Equal(b.store.used, want) {
		t.Errorf("the store was told %v, want %v", b.store.used, want)
	}
	if len(b.gate.unsaved) != 0 || !slices.Equal(slices.Collect(maps.Keys(b.gate.used)), []string{shown.ID}) {
		t.Errorf("left: %v, %v", b.gate.unsaved, b.gate.used)
	}
}

// FuzzAuthHeader: whatever is shown, the answer is unauthenticated or rate_limited, and
// nobody comes in.
func FuzzAuthHeader(f *testing.F) {
	b := newBench(f)
	good := b.issue("ci", nil)
	for _, s := range []string{"", "Bearer", "Bearer ", "Basic x", "bearer schd_", "Bearer " + good[:65]} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if strings.Contains(header, good) {
			return
		}
		_, err := newBench(t).enter("192.0.2.1", header)
		if code := job.CodeOf(err); code != job.Unauthenticated {
			t.Errorf("%q: %v", header, err)
		}
	})
}
