package stored

import "sync"

// Batches counts, for each claims row of this process, the executions that are not
// settled yet; the row goes with the last of them. Rows of dead processes are
// removed by the reaper. The zero value is ready; it is safe for concurrent use.
type Batches struct {
	mu    sync.Mutex
	left  map[int64]int
	spent []int64
}

// Open notes a claims row with n executions.
func (b *Batches) Open(id int64, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left == nil {
		b.left = map[int64]int{}
	}
	b.left[id] = n
}

// Settle counts one execution of a row down. The last one makes the row spent.
func (b *Batches) Settle(id int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, ok := b.left[id]
	switch {
	case !ok:
	case n > 1:
		b.left[id] = n - 1
	default:
		delete(b.left, id)
		b.spent = append(b.spent, id)
	}
}

// TakeSpent hands out the rows that nobody needs any more, to be deleted.
func (b *Batches) TakeSpent() []int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	spent := b.spent
	b.spent = nil
	return spent
}

// Return takes back rows that could not be deleted.
func (b *Batches) Return(spent []int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spent = append(b.spent, spent...)
}
