package logging

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// escape writes control characters, and those that change the direction of text,
// as \x1b or \u202e. Line breaks and tabs become \n and \t.
func escape(s string) string {
	if !strings.ContainsFunc(s, dangerous) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, string(utf8.RuneError)) {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case dangerous(r) && r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case dangerous(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// dangerous reports what may drive a terminal or fool a reader.
func dangerous(r rune) bool { return unicode.IsControl(r) || misleading(r) }

// misleading are the characters that set or end a direction of writing, and the
// line separators of Unicode.
func misleading(r rune) bool {
	return r >= 0x200e && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// safe escapes, in whole lines, what the standard handlers let through: control
// characters beyond ASCII and misleading ones. Where they stand inside JSON, the
// escape is JSON's own. Secrets are hidden here, too: nothing else writes.
type safe struct {
	w    io.Writer
	hide func(string) string // nil = nothing is hidden
}

func (s safe) Write(line []byte) (int, error) {
	if s.hide == nil {
		return s.escaped(line)
	}
	if _, err := s.escaped([]byte(s.hide(string(line)))); err != nil {
		return 0, err
	}
	return len(line), nil
}

func (s safe) escaped(line []byte) (int, error) {
	if bytes.ContainsFunc(line, beyond) {
		var b bytes.Buffer
		for _, r := range string(line) {
			if beyond(r) {
				fmt.Fprintf(&b, `\u%04x`, r)
			} else {
				b.WriteRune(r)
			}
		}
		if _, err := s.w.Write(b.Bytes()); err != nil {
			return 0, err
		}
		return len(line), nil
	}
	return s.w.Write(line)
}

func beyond(r rune) bool { return r >= 0x7f && dangerous(r) }
