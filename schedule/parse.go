package schedule

import "strings"

// parseCron parses the fields of an expression. The seed decides what H means.
func parseCron(text exprText, seed string) (*cron, error) {
	c := &cron{text: text.text}
	first, end := 1, 6
	if len(text.words) >= 6 {
		first = 0
	} else {
		c.second.values.add(0)
	}
	if len(text.words) == 7 {
		end = 7
	} else {
		c.year.any = true
	}
	for i := first; i < end; i++ {
		p := fieldParser{def: fields[i], out: c.at(i), seed: seed}
		if err := p.parse(text.words[i-first]); err != nil {
			return nil, err
		}
		c.hashed = c.hashed || p.hashed
	}
	return c, nil
}

// fieldParser parses one field.
type fieldParser struct {
	def    *fieldDef
	out    *field
	seed   string
	hashed bool
}

// fail returns a syntax error that names the field.
func (p *fieldParser) fail(pos int, format string, args ...any) *Error {
	return errorAt(pos, CodeSyntax, p.def.name+": "+format, args...)
}

// parse parses a list of items.
func (p *fieldParser) parse(w word) error {
	p.out.star = w.text[0] == '*'
	for rest, pos, more := w.text, w.pos, true; more; {
		var text string
		text, rest, more = strings.Cut(rest, ",")
		if text == "" {
			return p.fail(pos, "%s has an empty item at %d; write the values with one comma between them", quote(w.text), pos+1)
		}
		if err := p.item(word{text: text, pos: pos}); err != nil {
			return err
		}
		pos += len(text) + 1
	}
	return nil
}

// item parses one item of the list: a special form, or what[/step].
func (p *fieldParser) item(w word) error {
	lower := strings.ToLower(w.text)
	if done, err := p.special(w, lower); done || err != nil {
		return err
	}
	head, stepText, stepped := strings.Cut(lower, "/")
	step := 0
	if stepped {
		var err error
		if step, err = p.step(word{text: stepText, pos: w.pos + len(head) + 1}); err != nil {
			return err
		}
	}
	switch {
	case head == "":
		return p.fail(w.pos, "%s at %d has nothing before the step", quote(w.text), w.pos+1)
	case head == "*":
		return p.wildcard(step)
	case head == "?":
		return p.questionMark(w, stepped)
	case head[0] == 'h':
		return p.hash(word{text: head, pos: w.pos}, step)
	}
	return p.span(word{text: head, pos: w.pos}, step)
}

// wildcard adds every value, or every step-th from the least.
func (p *fieldParser) wildcard(step int) error {
	if step == 0 {
		p.out.any = true
		step = 1
	}
	p.addRange(p.def.min, p.def.last(), step)
	return nil
}

// questionMark leaves a day field open; it is Quartz's way to write "*" there.
func (p *fieldParser) questionMark(w word, stepped bool) error {
	if !p.def.isDay() || stepped {
		return p.fail(w.pos, `"?" at %d stands alone in a day field only`, w.pos+1).hinted(`use "*"`)
	}
	return p.wildcard(0)
}

// span adds a value, a value to the end by a step, or a range.
func (p *fieldParser) span(w word, step int) error {
	loText, hiText, isRange := strings.Cut(w.text, "-")
	lo, err := p.value(word{text: loText, pos: w.pos}, w)
	if err != nil {
		return err
	}
	if !isRange {
		lo = p.distinct(lo)
		hi := lo
		if step > 0 {
			hi = p.def.last()
		}
		p.addRange(lo, hi, max(step, 1))
		return nil
	}
	hi, err := p.value(word{text: hiText, pos: w.pos + len(loText) + 1}, w)
	if err != nil {
		return err
	}
	if lo > hi && !p.def.wraps {
		return p.fail(w.pos, "range %s runs backwards; a %s does not wrap around", w.text, p.def.name)
	}
	if p.distinct(lo) == p.distinct(hi) && hi-lo < p.def.size {
		hi = p.distinct(lo) // one value, also when Sunday is written in two ways
	}
	p.addRange(p.distinct(lo), hi, max(step, 1))
	return nil
}

// distinct maps Sunday as 7 to 0 and every other value to itself.
func (p *fieldParser) distinct(v int) int {
	if v > p.def.last() {
		return v - p.def.size
	}
	return v
}

// addRange adds lo, lo+step, … up to hi, through the end of the field when hi is
// less than lo.
func (p *fieldParser) addRange(lo, hi, step int) {
	if hi < lo {
		hi += p.def.size
	}
	for v := lo; v <= hi; v += step {
		p.out.values.add(p.distinct(v) - p.def.base())
	}
}
