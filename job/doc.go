// Package job is what the scheduler is about: jobs, their executions and attempts,
// their states, and the decisions over them. It is pure: time, ids and randomness
// are parameters; it knows no store, no clock and no logger.
//
// A job is a definition. Its schedule names due times, or slots. MakePlan decides
// what becomes of each: it runs, waits, or is recorded as skipped or missed. An
// execution is the record of one slot, one event or one manual trigger; an attempt
// is one start of its handler. AuditSlots proves afterwards that every slot has
// exactly one record.
package job
