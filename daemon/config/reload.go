package config

import "reflect"

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

// Apply returns old with the reloadable keys of next.
func Apply(old, next Config) Config {
	for _, f := range fields() {
		if f.reload {
			f.in(&old).Set(f.in(&next))
		}
	}
	return old
}
