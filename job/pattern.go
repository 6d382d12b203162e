package job

import (
	"hash/fnv"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxPattern bounds a pattern of messages, in bytes.
const MaxPattern = 160

// Pattern is what an error message has in common with others of its kind: numbers,
// identifiers, addresses and what is quoted become a mark, space is single, and it is
// one line of MaxPattern bytes at the most.
func Pattern(message string) string {
	if len(message) > 4*MaxPattern {
		message = message[:4*MaxPattern]
	}
	message, _, _ = strings.Cut(strings.TrimSpace(message), "\n")
	var b strings.Builder
	last := "" // word
	for len(message) > 0 && b.Len() < MaxPattern {
		r, size := utf8.DecodeRuneInString(message)
		switch {
		case r == ' ' || r == '\t' || r == '\r':
			if b.Len() > 0 && !strings.HasSuffix(b.String(), " ") {
				b.WriteByte(' ')
			}
		case r == utf8.RuneError || r < ' ':
			b.WriteRune('\ufffd')
		case r == '"' || r == '\'' || r == '`':
			if end := strings.IndexRune(message[size:], r); end >= 0 && !apostrophe(b.String(), message[size:]) {
				b.WriteRune(r)
				b.WriteString("…")
				b.WriteRune(r)
				size += end + 1
			} else {
				b.WriteRune(r)
			}
		case wordly(r):
			word := message[:wordEnd(message)]
			b.WriteString(mark(word, last))
			size, last = len(word), word
		default:
			b.WriteRune(r)
		}
		message = message[size:]
	}
	return cut(strings.TrimSpace(b.String()), MaxPattern)
}

// apostrophe reports whether a quote stands within a word, as in don't.
func apostrophe(before, after string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	next, _ := utf8.DecodeRuneInString(after)
	return before != "" && after != "" && wordly(last) && wordly(next)
}

// wordly is what words consist of; dots and the like within a word belong to it.
func wordly(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r > 0x7f && r != '\ufffd'
}

// wordEnd returns where the word that text begins with ends.
func wordEnd(text string) int {
	end := 0
	for end < len(text) {
		r, size := utf8.DecodeRuneInString(text[end:])
		if !wordly(r) {
			next, _ := utf8.DecodeRuneInString(text[end+size:])
			if !strings.ContainsRune(".-:@+", r) || end+size >= len(text) || !wordly(next) {
				break
			}
		}
		end += size
	}
	return end
}

// mark replaces a word that differs from one message to the next: one with a digit.
// What a number ends with may be a unit, which stays; so does a status.
func mark(word, before string) string {
	end := strings.LastIndexAny(word, "0123456789") + 1
	number, unit := word[:end], word[end:]
	switch {
	case end == 0 || unit == "" && len(word) <= 3 && slices.Contains(telling, strings.ToLower(before)):
		return word
	case strings.Trim(number, "0123456789.") == "" && len(unit) <= 3 && !strings.ContainsAny(unit, ".-:@+_"):
		return "#" + unit
	}
	return "#"
}

// telling are the words that a number stands behind which is what matters.
var telling = []string{"http", "status", "code", "exit", "signal", "errno"}

// cut shortens text to so many bytes, at the beginning of a character.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

// Fingerprint is a number for a class of errors and a Pattern; never 0.
func Fingerprint(class, pattern string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(class))
	_, _ = h.Write([]byte{0})
	_, _ = h.Write([]byte(pattern))
	return max(int64(h.Sum64()>>1), 1)
}
