// Package arch holds the shape of the project as tests: which package may import
// which, where clocks are read, how long files get, that tests neither sleep nor are
// skipped, what every package must say about itself. It has no code of its own.
//
// A new package needs a row in the table of table_test.go, so that every dependency
// is a decision somebody made.
package arch
