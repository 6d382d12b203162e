package render

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Clean makes text safe for one line of a terminal: line breaks become ⏎, what
// could drive the terminal or hide text becomes a visible escape.
func Clean(s string) string {
	if plain(s) {
		return s
	}
	return clean(strings.TrimRight(s, "\r\n"), func(r rune) (string, bool) {
		switch r {
		case '\n':
			return "⏎", true
		case '\t':
			return " ", true
		case '\r':
			return "", true
		}
		return "", false
	})
}

// CleanLine makes a line of a log safe for a terminal; tabs stay.
func CleanLine(s string) string {
	if plain(s) {
		return s
	}
	return clean(strings.TrimRight(s, "\r\n"), func(r rune) (string, bool) { return "\t", r == '\t' })
}

// plain reports whether s is printable ASCII.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// clean replaces hostile runes; special may say otherwise for some.
func clean(s string, special func(r rune) (string, bool)) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch text, ok := special(r); {
		case ok:
			b.WriteString(text)
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !hostile(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		i += size
	}
	return b.String()
}

// hostile reports whether a rune drives terminals, reorders text or is invisible.
func hostile(r rune) bool {
	switch {
	case r < ' ', 0x7f <= r && r <= 0x9f: // C0, DEL, C1
		return true
	case r < 0x200b:
		return r == 0xad || r == 0x34f || r == 0x61c || r == 0x115f || r == 0x1160 || 0x17b4 <= r && r <= 0x17b5 || 0x180b <= r && r <= 0x180f
	case r <= 0x200f, // zero width, direction marks
		0x2028 <= r && r <= 0x202e, // separators, bidi
		0x2060 <= r && r <= 0x206f, // invisible operators, isolates
		r == 0x3164, r == 0xffa0,   // fillers
		r == 0xfeff,                  // zero width
		0xfff9 <= r && r <= 0xfffb,   // annotations
		0xe0000 <= r && r <= 0xe0fff: // tags, and variations that hide text
		return true
	}
	return false
}
