// Package near finds the word that somebody probably meant.
package near

import "strings"

// Word returns the candidate closest to input, or "" when none is close: at most
// two edits away, or one that starts with input. Case plays no part.
func Word(input string, candidates []string) string {
	input = strings.ToLower(input)
	best, bestDistance := "", 3
	if len(input) < 4 {
		bestDistance = 2 // two edits would change nearly all of it
	}
	for _, c := range candidates {
		lower := strings.ToLower(c)
		d := distance(input, lower)
		if len(input) >= 2 && strings.HasPrefix(lower, input) {
			d = min(d, 1)
		}
		if d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// distance counts the insertions, deletions, substitutions and swaps of neighbours
// that turn a into b.
func distance(a, b string) int {
	before, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(b)]
}
