// Package render writes what schedctl prints: tables, JSON and YAML.
//
// Whatever it is given may come from strangers. Text for people is cleaned first:
// nothing in a cell or a log line can move the cursor, change a colour or turn the
// direction of writing. JSON and YAML escape the same characters. Everything is
// rendered to memory and written once, so that a failing writer is noticed.
//
// It is the only user of the table library.
package render
