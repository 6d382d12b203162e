// Package acts decides about events, the same way in every SQL adapter: what came in and
// what waited is read, decided, carried out and taken away in one transaction. What one
// database does in another way than the other is behind Tx.
package acts
