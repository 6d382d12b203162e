package schedule

import (
	_ "embed"
	"slices"
	"strings"
)

// zoneList holds the names of the IANA time zones, one a line, sorted.
//
//go:embed zones.txt
var zoneList string

// Zones returns the names of the IANA time zones, sorted, for completion and
// suggestions. LoadZone also knows names that a later database added.
func Zones() []string { return strings.Fields(zoneList) }

// plausibleZone refuses names that are paths, that mean the machine's own zone,
// or that a zoneinfo folder has beside the zones proper ("right/" counts leap seconds).
func plausibleZone(name string) bool {
	switch name {
	case "", "Local", "localtime", "posixrules", "Factory":
		return false
	}
	if len(name) > 64 || strings.HasPrefix(name, "right/") || strings.HasPrefix(name, "posix/") {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || strings.Trim(part, zoneCharacters) != "" {
			return false
		}
	}
	return true
}

const zoneCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-"

// unknownZone refuses a name, with a suggestion where one is near.
func unknownZone(name string) *Error {
	e := &Error{
		Field: FieldTimezone, Code: CodeUnknownZone,
		Message: "unknown time zone " + quote(name) + "; use an IANA name such as America/New_York, Europe/London or UTC",
	}
	if near := nearestZone(name); near != "" {
		e.Hint = "did you mean " + near + "?"
	}
	return e
}

// nearestZone returns the zone that the user most likely meant, "" when none is near.
func nearestZone(name string) string {
	const most = 64
	if len(name) > most {
		return ""
	}
	want := foldZone(name)
	if want == "" {
		return ""
	}
	best, bestDistance := "", 6 // 6 is more than two letters away, which would be a guess
	for _, zone := range Zones() {
		have := foldZone(zone)
		city := have[strings.LastIndexByte(have, '/')+1:]
		d := min(2*distance(want, have), 2*distance(want, city)+1) // the full name wins a tie
		if d < bestDistance && d < len(want) {
			best, bestDistance = zone, d
		}
	}
	return best
}

// foldZone takes case, blanks and the kind of separator out of a name.
func foldZone(name string) string {
	return strings.NewReplacer(" ", "_", "-", "_", "\\", "/").Replace(strings.ToLower(strings.TrimSpace(name)))
}

// distance returns the number of letters to insert, delete or replace to make one
// text of the other (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = slices.Min([]int{cost, row[j] + 1, row[j+1] + 1})
		}
	}
	return row[len(b)]
}
