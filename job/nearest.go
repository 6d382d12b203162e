package job

import "strings"

// Nearest returns the candidate that somebody who wrote word probably meant, "" when
// none is close: at most a third of its letters differ, or it starts with word. Case
// plays no part.
func Nearest(word string, candidates []string) string {
	if len(word) > MaxNameLen {
		return ""
	}
	best, distance := "", len(word)/3+1
	for _, c := range candidates {
		lower := strings.ToLower(c)
		d := edits(strings.ToLower(word), lower)
		if len(word) >= 2 && strings.HasPrefix(lower, strings.ToLower(word)) {
			d = min(d, 1)
		}
		if d < distance {
			best, distance = c, d
		}
	}
	return best
}

// edits counts the insertions, deletions, replacements and swaps of neighbours that
// turn a into b.
func edits(a, b string) int {
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
