package schedule

import (
	"strconv"
	"strings"
)

// number reads one to four decimal digits.
func number(text string) (int, bool) {
	if len(text) == 0 || len(text) > 4 || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}

// value reads a number or a name within the bounds of the field. whole is the item
// around it, for the message.
func (p *fieldParser) value(w, whole word) (int, error) {
	if v, ok := p.def.named(w.text); ok {
		return v, nil
	}
	v, ok := number(w.text)
	if !ok && len(w.text) > 4 && strings.Trim(w.text, "0123456789") == "" {
		return 0, p.outOfRange(w)
	}
	if !ok {
		return 0, p.notAValue(w, whole)
	}
	if v < p.def.min || v > p.def.max {
		return 0, p.outOfRange(w)
	}
	return v, nil
}

// outOfRange refuses a number.
func (p *fieldParser) outOfRange(w word) *Error {
	text := w.text
	if len(text) > 10 {
		text = text[:10] + "…"
	}
	return errorAt(w.pos, CodeOutOfRange, "%s: %s is outside %s", p.def.name, text, p.def.allowed())
}

// notAValue refuses a word that is no number and no name.
func (p *fieldParser) notAValue(w, whole word) *Error {
	what := "a number " + p.def.allowed()
	if n := len(p.def.names); n > 0 {
		what += " or a name " + strings.ToUpper(p.def.names[0][:3]+"–"+p.def.names[n-1][:3])
	}
	if w.text == "" {
		return p.fail(w.pos, "%s lacks a value at %d; expected %s", quote(whole.text), w.pos+1, what)
	}
	return p.fail(w.pos, "%s at %d is not %s", quote(w.text), w.pos+1, what)
}

// step reads what follows the slash.
func (p *fieldParser) step(w word) (int, error) {
	n, ok := number(w.text)
	if !ok && (w.text == "" || strings.Trim(w.text, "0123456789") != "") {
		return 0, p.fail(w.pos, "%s at %d is not a step; a step is a number 1–%d", quote(w.text), w.pos+1, p.def.steps())
	}
	if !ok || n < 1 || n > p.def.steps() {
		return 0, errorAt(w.pos, CodeStep, "%s: step must be 1–%d, got %.10s", p.def.name, p.def.steps(), w.text)
	}
	return n, nil
}
