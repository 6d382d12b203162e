package dump

// Moved is what came of moving a store.
type Moved struct {
	Sums    Sums // of both stores
	Balance Balance
}

// Backup is what came of verifying a file, or of restoring it.
type Backup struct {
	Header  Header
	Sums    Sums
	Balance Balance
	Aside   string // where the store is that was there before; "" = there was none
}

// RestoreOptions say how a backup is restored.
type RestoreOptions struct {
	Overwrite bool // a file that is in the place is moved aside
	// Maintenance keeps whoever serves the restored store from planning and starting, until
	// somebody ends it.
	Maintenance bool
}
