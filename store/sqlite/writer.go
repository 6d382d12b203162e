package sqlite

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/agentic-sdlc/scheduler/internal/failpoint"
	"github.com/agentic-sdlc/scheduler/job"
)

// maxGroup bounds how many operations share one commit. Operations are batches
// themselves, so the rows of a commit are many more.
const maxGroup = 64

// errClosed is what operations get after Close.
var errClosed = job.Errorf(job.Unavailable, "the store is closed")

// operation is one unit that succeeds or fails by itself.
type operation struct {
	fn    func(c *conn) error
	err   error
	done  chan struct{}
	taken atomic.Bool // by the writer, or by the caller who gave it up
}

// writer owns the one writing connection. Callers queue operations; the writer runs
// what is queued in one transaction and answers after the commit.
type writer struct {
	c     *conn
	queue chan *operation
	quit  chan struct{}
	ended chan struct{}
	once  sync.Once

	commits    atomic.Int64
	operations atomic.Int64
}

func newWriter(c *conn) *writer {
	w := &writer{c: c, queue: make(chan *operation, 4*maxGroup), quit: make(chan struct{}), ended: make(chan struct{})}
	go w.loop()
	return w
}

// do queues fn and waits for its commit. A ctx that ends while fn waits gives it up,
// and fn is not run; once fn is taken, do waits for its end, which is soon, so that fn
// may write to the caller's variables.
func (w *writer) do(ctx context.Context, fn func(c *conn) error) error {
	op := &operation{fn: fn, done: make(chan struct{})}
	select {
	case <-w.quit:
		return errClosed
	default:
	}
	select {
	case w.queue <- op:
	case <-ctx.Done():
		return classify(ctx.Err())
	case <-w.quit:
		return errClosed
	}
	select {
	case <-op.done:
		return classify(op.err)
	case <-ctx.Done():
		if op.taken.CompareAndSwap(false, true) {
			return classify(ctx.Err())
		}
	case <-w.ended:
		if op.taken.CompareAndSwap(false, true) {
			return errClosed
		}
	}
	<-op.done
	return classify(op.err)
}

// close runs what is queued and stops the writer.
func (w *writer) close() {
	w.once.Do(func() { close(w.quit) })
	<-w.ended
}

func (w *writer) loop() {
	defer close(w.ended)
	group := make([]*operation, 0, maxGroup)
	for {
		select {
		case op := <-w.queue:
			group = append(group[:0], op)
		case <-w.quit:
			select {
			case op := <-w.queue:
				group = append(group[:0], op)
			default:
				return
			}
		}
		w.commit(w.gather(group))
	}
}

// gather adds what is queued already: it never waits for more.
func (w *writer) gather(group []*operation) []*operation {
	for len(group) < maxGroup {
		select {
		case op := <-w.queue:
			group = append(group, op)
		default:
			return group
		}
	}
	return group
}

// commit runs a group in one transaction. When the commit itself fails nothing of
// the group was written, and every operation says so.
func (w *writer) commit(group []*operation) {
	err := w.transaction(group)
	w.commits.Add(1) // before the answers: whoever gets one may ask what changed
	w.operations.Add(int64(len(group)))
	for _, op := range group {
		if err != nil {
			op.err = errors.Join(err, op.err)
		}
		close(op.done)
	}
}

func (w *writer) transaction(group []*operation) error {
	if _, err := w.c.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, op := range group {
		if !op.taken.CompareAndSwap(false, true) {
			continue // its caller gave it up
		}
		if err := w.run(op); err != nil {
			w.rollback()
			return err
		}
	}
	failpoint.Hit("before_commit")
	if _, err := w.c.exec("COMMIT"); err != nil {
		w.rollback()
		return err
	}
	failpoint.Hit("after_commit")
	return nil
}

// rollback ends a transaction that failed. A full disk, for one, has done that already: so
// its error says nothing new, and where it is another one the next transaction tells.
func (w *writer) rollback() { _, _ = w.c.exec("ROLLBACK") }

// run runs one operation under a savepoint, so that its error undoes it alone. What
// it returns is an error of the transaction as a whole.
func (w *writer) run(op *operation) error {
	if _, err := w.c.exec("SAVEPOINT operation"); err != nil {
		return err
	}
	op.err = guard(op.fn, w.c)
	if op.err != nil {
		if _, err := w.c.exec("ROLLBACK TO operation"); err != nil {
			return errors.Join(op.err, err) // it undid the whole transaction: that is why all of it failed
		}
	}
	_, err := w.c.exec("RELEASE operation")
	return err
}

// guard turns a panic of one operation into its error: one bad row harms nobody else.
func guard(fn func(c *conn) error, c *conn) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = job.Errorf(job.Internal, "store operation panicked: %v", r)
		}
	}()
	return fn(c)
}
