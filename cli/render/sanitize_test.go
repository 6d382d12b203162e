package render

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// dangerous is a rule of its own, by the tables of Unicode: control and format characters,
// separators of lines, what is not a character.
func dangerous(r rune) bool {
	return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Bidi_Control, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) ||
		r == 0x200b || r == 0x200c || r == 0x200d || r == 0x2060 || r == 0xfeff || 0xe0000 <= r && r <= 0xe007f
}

// TestSanitizeEveryRune: no rune that drives terminals, reorders or hides text gets
// through; V23.
func TestSanitizeEveryRune(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) || !dangerous(r) {
			continue
		}
		text := "a" + string(r) + "b"
		if got := Clean(text); strings.ContainsFunc(got, dangerous) {
			t.Errorf("Clean(%U) = %q", r, got)
		}
		if got := CleanLine(text); r != '\t' && strings.ContainsFunc(got, dangerous) {
			t.Errorf("CleanLine(%U) = %q", r, got)
		}
		var out bytes.Buffer
		if err := JSONLine(&out, text); err != nil || strings.ContainsFunc(strings.TrimSpace(out.String()), dangerous) {
			t.Errorf("JSON of %U: %q, %v", r, out.String(), err)
		}
		out.Reset()
		if err := YAML(&out, map[string]string{text: text}); err != nil || strings.ContainsFunc(strings.ReplaceAll(out.String(), "\n", ""), dangerous) {
			t.Errorf("YAML of %U: %q, %v", r, out.String(), err)
		}
	}
}

// FuzzSanitize: what is cleaned has nothing dangerous, is text, is clean already, and
// takes one line; JSON gives the value back.
func FuzzSanitize(f *testing.F) {
	for _, s := range []string{"", "plain", "\x1b]52;c;eA==\x07", "\u009b31m", "a\u202eb", "\xff\xfe", "日本\u200b", "a\r\nb\tc", "\U000e0041", `\x1b`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for name, clean := range map[string]func(string) string{"Clean": Clean, "CleanLine": CleanLine} {
			got := clean(text)
			if rest := strings.ReplaceAll(got, "\t", ""); strings.ContainsFunc(rest, dangerous) || !utf8.ValidString(got) {
				t.Errorf("%s(%q) = %q", name, text, got)
			}
			if clean(got) != got {
				t.Errorf("%s(%q) = %q, and again %q", name, text, got, clean(got))
			}
		}
		var out bytes.Buffer
		if err := JSONLine(&out, text); err != nil {
			t.Fatal(err)
		}
		var back string
		if err := json.Unmarshal(out.Bytes(), &back); err != nil || back != strings.ToValidUTF8(text, "\ufffd") && utf8.ValidString(text) {
			t.Errorf("JSON of %q is %q, %v", text, out.String(), err)
		}
	})
}
