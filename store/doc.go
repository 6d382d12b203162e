// Package store is the port to the truth: jobs, their slots, executions,
// attempts, leases and logs.
//
// Every method is one transaction and says what must be true and what to write;
// no transaction crosses the port. What a method answered with success is
// durable. Methods that concern one platform take it as a parameter: a foreign
// id is not found. Time, ids and randomness are parameters; the store has no
// clock of its own. Instants are UTC with microsecond precision, slots are whole
// seconds.
//
// Errors carry a code of package job: not_found, conflict (name taken, state
// forbids), version_mismatch, unavailable (try again), storage_full, internal.
//
// One suite, storetest, holds every adapter to the same answers, order and codes.
package store
