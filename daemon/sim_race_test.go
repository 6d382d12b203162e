//go:build race

package daemon_test

// raceEnabled says that everything takes ten times as long.
const raceEnabled = true
