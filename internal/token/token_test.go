package token

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
)

// fixed is a token of bytes that count.
func fixed(t testing.TB) Token {
	t.Helper()
	var b [37]byte
	for i := range b {
		b[i] = byte(i)
	}
	tok, err := New(bytes.NewReader(b[:]))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestForm(t *testing.T) {
	t.Parallel()
	tok := fixed(t)
	const want = "schd_aaaqeaye_BQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQ_10032a4c"
	if got := tok.Reveal(); got != want || len(got) != Length {
		t.Errorf("Reveal() = %s of %d bytes, want %s of %d", got, len(got), want, Length)
	}
	back, ok := Parse(tok.Reveal())
	if !ok || back != tok || !back.Matches(tok.Hash()) {
		t.Errorf("Parse(Reveal()) = %v, %t; want the token", back, ok)
	}
	if _, err := New(strings.NewReader("short")); err == nil {
		t.Error("New with too little randomness succeeds")
	}
}

func TestTokensDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		tok, err := New(rand.Reader)
		if err != nil || seen[tok.ID] || seen[tok.secret] {
			t.Fatalf("token %v again, or %v", tok, err)
		}
		seen[tok.ID], seen[tok.secret] = true, true
		if back, ok := Parse(tok.Reveal()); !ok || back != tok {
			t.Fatalf("%v cannot be read again", tok)
		}
	}
}

// TestNothingPrintsIt: whatever prints a token, its secret is not in it.
func TestNothingPrintsIt(t *testing.T) {
	t.Parallel()
	tok := fixed(t)
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(format, tok); strings.Contains(got, tok.secret) {
			t.Errorf("%s prints %s", format, got)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	good := fixed(t).Reveal()
	for name, text := range map[string]string{
		"nothing": "", "a word": "token", "cut": good[:len(good)-1], "longer": good + "0", "a blank": good + " ", "another prefix": "ghp__" + good[5:],
		"upper case": strings.ToUpper(good), "one letter changed": strings.Replace(good, "BQYH", "BQYI", 1), "another id": strings.Replace(good, "aaaq", "aaab", 1),
		"another sum": good[:len(good)-8] + "00000000", "no sum": good[:len(good)-9], "NUL": strings.Replace(good, "BQYH", "BQ\x00H", 1),
	} {
		if tok, ok := Parse(text); ok {
			t.Errorf("%s: Parse(%q) = %v", name, text, tok)
		}
	}
	other, _ := New(rand.Reader)
	if tok := fixed(t); tok.Matches(other.Hash()) || tok.Matches("") || tok.Matches(tok.Hash()[1:]) || tok.Matches(strings.ToUpper(tok.Hash())) {
		t.Error("a token matches another's hash")
	}
}

// FuzzParse: what is read prints as it was written.
func FuzzParse(f *testing.F) {
	good := fixed(f).Reveal()
	f.Add(good)
	f.Add(good[:40])
	f.Add("schd_" + strings.Repeat("_", Length-5))
	f.Fuzz(func(t *testing.T, text string) {
		if tok, ok := Parse(text); ok && (tok.Reveal() != text || len(tok.ID) != idLen) {
			t.Errorf("Parse(%q) = %v, which reveals %q", text, tok, tok.Reveal())
		}
	})
}
