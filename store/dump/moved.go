package dump

// Moved is what came of moving a store.
type Moved struct {
	Sums    Sums // of both stores
	Balance Balance
}
