package schedule

import "strings"

// hash adds what H stands for: one value of the range, or every step-th from a
// start within the first step. The syntax is that of Jenkins. Without a range
// the day of the month stays within 1–28, so that every month has it.
func (p *fieldParser) hash(w word, step int) error {
	if p.def.hashMax == 0 {
		return p.fail(w.pos, "H at %d is not possible in a %s", w.pos+1, p.def.name)
	}
	lo, hi, err := p.hashRange(w)
	if err != nil {
		return err
	}
	p.hashed = true
	h := hashSeed(p.seed, p.def.name)
	size := uint64(hi - lo + 1)
	if step == 0 {
		v := lo + int(h%size)
		p.addRange(v, v, 1)
		return nil
	}
	if uint64(step) > size {
		return errorAt(w.pos, CodeStep, "%s: step must be 1–%d within H of %d–%d, got %d", p.def.name, size, lo, hi, step)
	}
	p.addRange(lo+int(h%uint64(step)), hi, step)
	return nil
}

// hashRange reads "h" or "h(a-b)".
func (p *fieldParser) hashRange(w word) (lo, hi int, err error) {
	if w.text == "h" {
		return p.def.min, p.def.hashMax, nil
	}
	inner, open := strings.CutPrefix(w.text, "h(")
	inner, closed := strings.CutSuffix(inner, ")")
	loText, hiText, isRange := strings.Cut(inner, "-")
	if !open || !closed || !isRange {
		return 0, 0, p.fail(w.pos, "%s at %d is not a hash; write H, H/15, H(0-29) or H(0-29)/10", quote(w.text), w.pos+1)
	}
	pos := w.pos + len("h(")
	if lo, err = p.value(word{text: loText, pos: pos}, w); err != nil {
		return 0, 0, err
	}
	hiWord := word{text: hiText, pos: pos + len(loText) + 1}
	if hi, err = p.value(hiWord, w); err != nil {
		return 0, 0, err
	}
	if hi > p.def.hashMax {
		return 0, 0, errorAt(hiWord.pos, CodeOutOfRange, "%s: H reaches %d–%d only, got %d", p.def.name, p.def.min, p.def.hashMax, hi)
	}
	if lo > hi {
		return 0, 0, p.fail(w.pos, "range %d-%d of H at %d runs backwards", lo, hi, w.pos+1)
	}
	return lo, hi, nil
}

// hashSeed maps a seed and a field to a number: FNV-1a with 64 bits over the seed,
// a zero byte and the name of the field, finished by MurmurHash3's fmix64, whose
// low bits are fit for a remainder. Stored jobs rely on it: it must never change.
func hashSeed(seed, field string) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for _, part := range [3]string{seed, "\x00", field} {
		for i := range len(part) {
			h = (h ^ uint64(part[i])) * prime
		}
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
