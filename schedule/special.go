package schedule

import "strings"

// special parses the forms that only a day field knows. It reports whether the
// item was one of them.
func (p *fieldParser) special(w word, lower string) (bool, error) {
	switch p.def {
	case &domDef:
		return p.specialDom(w, lower)
	case &dowDef:
		return p.specialDow(w, lower)
	}
	return false, nil
}

// specialDom parses L, LW and 15W.
func (p *fieldParser) specialDom(w word, lower string) (bool, error) {
	switch {
	case lower == "l":
		p.out.last = true
	case lower == "lw" || lower == "wl":
		p.out.lastWeekday = true
	case lower[0] == 'l':
		return true, errorAt(w.pos, CodeUnsupported, `%s: %s at %d is not supported; only "L", the last day, and "LW", the last weekday, are`,
			p.def.name, quote(w.text), w.pos+1).hinted(`for a day near the end of the month use "L", or a day that every month has, such as 28`)
	case strings.HasSuffix(lower, "w"):
		day, err := p.value(word{text: lower[:len(lower)-1], pos: w.pos}, w)
		if err != nil {
			return true, err
		}
		p.out.nearest |= 1 << day
	default:
		return false, nil
	}
	return true, nil
}

// specialDow parses 5L and 5#2.
func (p *fieldParser) specialDow(w word, lower string) (bool, error) {
	if lower == "l" {
		return true, errorAt(w.pos, CodeUnsupported, `%s: "L" needs a day in front of it`, p.def.name).
			hinted(`"5L" is the last Friday of the month; Saturday is "6" or "SAT"`)
	}
	if dayText, ok := strings.CutSuffix(lower, "l"); ok {
		day, err := p.value(word{text: dayText, pos: w.pos}, w)
		if err != nil {
			return true, err
		}
		p.out.lastDow |= 1 << p.distinct(day)
		return true, nil
	}
	dayText, nText, ok := strings.Cut(lower, "#")
	if !ok {
		return false, nil
	}
	day, err := p.value(word{text: dayText, pos: w.pos}, w)
	if err != nil {
		return true, err
	}
	pos := w.pos + len(dayText) + 1
	n, ok := number(nText)
	if !ok {
		return true, p.fail(pos, "%s at %d is not a week; expected 1–5", quote(nText), pos+1)
	}
	if n < 1 || n > 5 {
		return true, errorAt(pos, CodeOutOfRange, "%s: week %d is outside 1–5", p.def.name, n)
	}
	p.out.nth |= 1 << ((n-1)*7 + p.distinct(day))
	return true, nil
}
