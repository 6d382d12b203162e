package schedule

import "math/bits"

// set is a set of the numbers 0–191, enough for every field; years are kept from
// their minimum.
type set [3]uint64

// add puts v into the set.
func (s *set) add(v int) { s[v>>6] |= 1 << (v & 63) }

// has reports whether v is in the set.
func (s *set) has(v int) bool { return s[v>>6]>>(v&63)&1 == 1 }

// len returns the number of elements.
func (s *set) len() int {
	return bits.OnesCount64(s[0]) + bits.OnesCount64(s[1]) + bits.OnesCount64(s[2])
}

// values returns the elements in order.
func (s *set) values() []int {
	vs := make([]int, 0, s.len())
	for i, word := range s {
		for ; word != 0; word &= word - 1 {
			vs = append(vs, i<<6+bits.TrailingZeros64(word))
		}
	}
	return vs
}

// atLeast returns the least element of a word not below v, false when there is none.
func atLeast(word uint64, v int) (int, bool) {
	word &= ^uint64(0) << v
	return bits.TrailingZeros64(word), word != 0
}

// atMost returns the greatest element of a word not above v, false when there is none.
func atMost(word uint64, v int) (int, bool) {
	word &= ^uint64(0) >> (63 - v)
	return 63 - bits.LeadingZeros64(word), word != 0
}
