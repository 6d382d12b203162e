// Package dump is everything that a store keeps, as a stream of rows that no adapter
// owns. A store that exports such a stream and one that imports it need not be of a
// kind: moving to another database, and copying away, are the same code.
//
// Tables lists what there is. A file of rows is JSON, one row a line, between a header
// with the version of the format and an end with the checksum of every table.
//
// Left out is what is of no use to another store: duties, and the positions of events and
// of counter deltas.
package dump
