package job

import "slices"

// Sparse counts by a small number, in order; what is not there is 0.
type Sparse []Count

// Count is how often a number came.
type Count struct{ At, N int64 }

// Add counts a number n times.
func (s *Sparse) Add(at, n int64) {
	list := *s
	i, found := slices.BinarySearchFunc(list, at, func(c Count, at int64) int { return int(min(max(c.At-at, -1), 1)) })
	if found {
		list[i].N += n
		return
	}
	*s = slices.Insert(list, i, Count{at, n})
}

// Merge adds the counts of other, each number moved by shift.
func (s *Sparse) Merge(other Sparse, shift int64) {
	for _, c := range other {
		s.Add(c.At+shift, c.N)
	}
}
