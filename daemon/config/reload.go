package config

import (
	"reflect"
	"slices"
)

// Reloadable compares the configuration that holds with one read again, and returns
// the keys that changed: those that a running daemon applies, and those that wait
// for a restart.
func Reloadable(old, next Config) (applied, needsRestart []string) {
	for _, f := range fields() {
		if reflect.DeepEqual(f.in(&old).Interface(), f.in(&next).Interface()) {
			continue
		}
		if f.reload {
			applied = append(applied, f.key)
		} else {
			needsRestart = append(needsRestart, f.key)
		}
	}
	return applied, needsRestart
}

// Changes returns the reloadable keys that differ, with their values before and after,
// masked as Show masks them.
func Changes(old, next Config) (before, after map[string]any) {
	was, is := masked(old), masked(next)
	applied, _ := Reloadable(old, next)
	before, after = map[string]any{}, map[string]any{}
	for _, f := range fields() {
		if slices.Contains(applied, f.key) {
			before[f.key], after[f.key] = formatValue(f.in(&was)), formatValue(f.in(&is))
		}
	}
	return before, after
}

// Apply returns old with the reloadable keys of next.
func Apply(old, next Config) Config {
	for _, f := range fields() {
		if f.reload {
			f.in(&old).Set(f.in(&next))
		}
	}
	return old
}
