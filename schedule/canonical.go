package schedule

import (
	"strconv"
	"strings"
)

// Canonical returns the normal form of the expression: macros, names, wrapped
// ranges and H are resolved, and expressions that differ only in how they are
// written have the same form. New takes it and gives the same slots; it is its
// own normal form, at most 256 bytes long. It is "" for a one-time schedule.
func (s *Schedule) Canonical() string {
	switch slots := s.slots.(type) {
	case single:
		return ""
	case interval:
		return "@every " + formatInterval(slots.every)
	}
	return s.cron.canonical()
}

// canonical writes an expression with as few fields as it needs.
func (c *cron) canonical() string {
	first, end := 0, 6
	if !c.allYears() {
		end = 7
	} else if c.second.values == (set{1}) {
		first = 1
	}
	return c.write(first, end)
}

// write writes the fields from first to end.
func (c *cron) write(first, end int) string {
	texts := make([]string, 0, len(fields))
	for i := first; i < end; i++ {
		texts = append(texts, writeField(fields[i], c.at(i)))
	}
	return strings.Join(texts, " ")
}

// writeField writes one field.
func writeField(def *fieldDef, f *field) string {
	items := make([]string, 0, 8)
	values := f.values
	dstMatters := def == &minuteDef || def == &hourDef // a star there makes it no fixed time
	switch {
	case f.any && (f.star || !dstMatters), values.len() == def.size && def.implied():
		return "*"
	case f.star && dstMatters:
		step := starStep(def, &values)
		if step == 1 {
			return "*"
		}
		items = append(items, "*/"+strconv.Itoa(step))
		for v := 0; v < def.size; v += step {
			values[0] &^= 1 << v
		}
	}
	items = append(items, writeValues(def, values.values(), !dstMatters)...)
	return strings.Join(append(items, writeForms(&f.dayForms)...), ",")
}

// implied reports whether a field with all of its values is the same as "*".
func (d *fieldDef) implied() bool { return d == &secondDef || d == &monthDef }

// starStep returns the least step whose multiples are all in the set. A field
// that starts with "*" has one; the DST rule needs the star to stay.
func starStep(def *fieldDef, values *set) int {
	step := 1
	for ; ; step++ {
		v := 0
		for v < def.size && values.has(v) {
			v += step
		}
		if v >= def.size {
			return step
		}
	}
}

// writeValues writes sorted values as items: three or more neighbours as a range, four
// or more at equal distances as a range with a step, or, where a star may stand,
// as "*/step" when they fill the field.
func writeValues(def *fieldDef, vs []int, star bool) []string {
	var items []string
	base := def.base()
	for len(vs) > 0 {
		n, step := 1, 0
		if len(vs) > 1 {
			step = vs[1] - vs[0]
			for n < len(vs) && vs[n]-vs[n-1] == step {
				n++
			}
		}
		text := strconv.Itoa(base + vs[0])
		switch {
		case step == 1 && n >= 3:
			text += "-" + strconv.Itoa(base+vs[n-1])
		case star && step > 1 && def.spans(base+vs[0], base+vs[n-1], step, n):
			text = "*/" + strconv.Itoa(step)
		case step > 1 && n >= 4:
			text += "-" + strconv.Itoa(base+vs[n-1]) + "/" + strconv.Itoa(step)
		default:
			n = 1
		}
		items = append(items, text)
		vs = vs[n:]
	}
	return items
}

// spans reports whether n values from first to last are those of "*/step", and
// enough of them to say so.
func (d *fieldDef) spans(first, last, step, n int) bool {
	return first == d.min && last+step > d.last() && (n > 2 || n == 2 && d.size%step == 0)
}

// writeForms writes the special forms of a day field.
func writeForms(f *dayForms) []string {
	var items []string
	for d := 1; d <= 31; d++ {
		if f.nearest>>d&1 == 1 {
			items = append(items, strconv.Itoa(d)+"W")
		}
	}
	if f.last {
		items = append(items, "L")
	}
	if f.lastWeekday {
		items = append(items, "LW")
	}
	for i := range 5 * 7 {
		if f.nth>>i&1 == 1 {
			items = append(items, strconv.Itoa(i%7)+"#"+strconv.Itoa(i/7+1))
		}
	}
	for d := range 7 {
		if f.lastDow>>d&1 == 1 {
			items = append(items, strconv.Itoa(d)+"L")
		}
	}
	return items
}
