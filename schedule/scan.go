package schedule

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxExpr is the greatest length of an expression in bytes, as written and in
// its canonical form.
const maxExpr = 256

// exprText is an expression cut into words.
type exprText struct {
	words []word
	every bool   // an interval: the first word is the duration
	text  string // as written, without blanks around it
}

// word is a run of characters without blanks; pos is its byte offset.
type word struct {
	text string
	pos  int
}

// macros are written as the five fields they stand for.
var macros = map[string]string{
	"@yearly":   "0 0 1 1 *",
	"@annually": "0 0 1 1 *",
	"@monthly":  "0 0 1 * *",
	"@weekly":   "0 0 * * 0",
	"@daily":    "0 0 * * *",
	"@midnight": "0 0 * * *",
	"@hourly":   "0 * * * *",
}

const macroList = "@yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly, @every DURATION"

// scanExpr cuts an expression into its words and resolves macros.
func scanExpr(expr string) (exprText, error) {
	if len(expr) > maxExpr {
		return exprText{}, errorAt(0, CodeTooLong, "the schedule has %d bytes; at most %d are allowed", len(expr), maxExpr)
	}
	if err := checkCharacters(expr); err != nil {
		return exprText{}, err
	}
	text := exprText{words: splitWords(expr), text: strings.Trim(expr, " \t")}
	if len(text.words) == 0 {
		return exprText{}, fieldCountError(0, 0)
	}
	first := text.words[0]
	if strings.Contains(first.text, "=") {
		return exprText{}, errorAt(first.pos, CodeUnsupported, `%s is not part of a schedule; put the zone in "timezone"`, quote(first.text)).
			hinted(`remove the prefix and set "timezone" to an IANA name such as "America/New_York"`)
	}
	if first.text[0] == '@' {
		return scanMacro(text)
	}
	if n := len(text.words); n < 5 || n > 7 {
		return exprText{}, fieldCountError(n, text.words[min(n-1, 7)].pos)
	}
	return text, nil
}

// checkCharacters refuses all but printable ASCII, blanks and tabs.
func checkCharacters(expr string) error {
	for i, r := range expr {
		if r == utf8.RuneError {
			return errorAt(i, CodeSyntax, "the schedule is not valid UTF-8 at %d", i+1)
		}
		if r != '\t' && (r < ' ' || r > '~') {
			return errorAt(i, CodeSyntax, "character U+%04X at %d; a schedule is plain ASCII on one line", r, i+1)
		}
	}
	return nil
}

// splitWords cuts at blanks and tabs.
func splitWords(expr string) []word {
	words := make([]word, 0, 8)
	for pos := 0; pos < len(expr); {
		n := strings.IndexAny(expr[pos:], " \t")
		if n < 0 {
			n = len(expr) - pos
		}
		if n > 0 {
			words = append(words, word{text: expr[pos : pos+n], pos: pos})
		}
		pos += n + 1
	}
	return words
}

// scanMacro resolves an expression that starts with "@".
func scanMacro(text exprText) (exprText, error) {
	first := text.words[0]
	name := strings.ToLower(first.text)
	most := 1
	if name == "@every" {
		text.every, most = true, 2
	}
	expansion, known := macros[name]
	switch {
	case name == "@reboot":
		return exprText{}, errorAt(first.pos, CodeUnsupported, "@reboot names no time; supported: %s", macroList).
			hinted("to run something when the machine starts, use a systemd unit")
	case !known && !text.every:
		return exprText{}, errorAt(first.pos, CodeUnsupported, "%s is not a macro; supported: %s", quote(first.text), macroList)
	case len(text.words) > most:
		return exprText{}, errorAt(text.words[most].pos, CodeFields, "nothing may follow %s, got %s",
			quote(joinWords(text.words[:most])), quote(text.words[most].text))
	case text.every && len(text.words) < most:
		return exprText{}, errorAt(first.pos, CodeInterval, `@every needs a duration, such as "@every 90s"`)
	case text.every:
		text.words = text.words[1:]
		return text, nil
	}
	text.words = splitWords(expansion)
	return text, nil
}

// joinWords writes words with one blank between them.
func joinWords(words []word) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = w.text
	}
	return strings.Join(texts, " ")
}

// fieldCountError refuses a number of fields.
func fieldCountError(n, pos int) *Error {
	e := &Error{
		Field: FieldSchedule, Code: CodeFields,
		Message: fmt.Sprintf("expected 5 fields (or 6 with seconds, 7 with seconds and year), got %d", n),
		Hint:    `the fields are minute, hour, day of month, month, day of week, as in "30 2 * * *"`,
	}
	if n > 7 {
		e.Pos = pos + 1
		e.Hint = "a schedule ends after the year; a command does not belong in it"
	}
	return e
}
