package job

import "time"

// Book is what was promised for a job's slots: all that an audit needs beside the
// records themselves.
type Book struct {
	Job         Job
	Epochs      []Epoch   // by Seq; an open one is the last
	NextRun     time.Time // cursor; zero = none
	Numbers     int64     // run numbers handed out
	Occurrences int64     // slots that became executions
	Rows        int64     // execution rows that exist
	Pruned      int64     // execution rows that retention removed
}

// LedgerEntry is one record of one slot, or of a range of them.
type LedgerEntry struct {
	Slot   time.Time
	Range  *SkipRange // not nil: a range row; Slot is its From
	ID     ID
	Number int64
	Status Status
	Reason SkipReason
}
