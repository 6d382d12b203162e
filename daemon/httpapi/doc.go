// Package httpapi serves package control over HTTP.
//
// One table (routes.go) says which route does what, who may, and which parameters and
// body it takes; what the table does not name is refused. A handler returns a value or
// an error; one place (handle.go) authorises, reads the body, and writes the answer.
// Bodies are scanned once, token by token (scan.go), before anything is decoded: what
// is unknown, doubled, misspelled or not Unicode is refused with its name and place.
package httpapi
