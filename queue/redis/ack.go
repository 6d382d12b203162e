package redis

import (
	"cmp"
	"context"
	"strings"

	"github.com/redis/go-redis/v9"
)

// acked are messages of one stream.
type acked struct {
	ids    []string
	newest entryID
	known  *redis.IntCmd      // how many of them were received and not acked before
	oldest *redis.XPendingCmd // of what is now
}

// Ack deletes messages; unknown receipts are no error.
//
// Redis looks for every entry that it is to delete by itself, and drops all that are
// older than one at next to no cost. So it is asked first whether anything that old is
// still received and not acked; usually nothing is. What is acked and not deleted, as
// the connection was lost in between, goes with what is acked next. There is no
// transaction: Redis refuses it when memory is full.
func (q *Queue) Ack(ctx context.Context, receipts []string) error {
	if q.closed.Load() {
		return errClosed()
	}
	if len(receipts) == 0 {
		return nil
	}
	all, executions := q.sorted(receipts)
	ctx, cancel := q.within(ctx, 0)
	defer cancel()
	_, err := q.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for rank, key := range q.keys {
			if a := &all[rank]; len(a.ids) > 0 {
				a.known = p.XAck(ctx, key, q.o.Group, a.ids...)
				a.oldest = p.XPending(ctx, key, q.o.Group)
			}
		}
		if len(executions) > 0 {
			p.HDel(ctx, q.held, executions...)
		}
		return nil
	})
	if err != nil && !refused(err) {
		return q.failed("ack", err)
	}
	_, deleteErr := q.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for rank, key := range q.keys {
			switch a := &all[rank]; {
			case len(a.ids) == 0:
			case a.first():
				p.XTrimMinID(ctx, key, a.newest.next().String())
			default:
				p.XDel(ctx, key, a.ids...)
			}
		}
		return nil
	})
	return q.failed("ack", cmp.Or(err, deleteErr))
}

// first reports that all of the messages were received, and that nothing older than
// the newest of them is received and not acked; what is older and not received does
// not exist.
func (a *acked) first() bool {
	pending, err := a.oldest.Result()
	if err != nil || a.known.Val() != int64(len(a.ids)) {
		return false
	}
	if pending.Count == 0 {
		return true
	}
	oldest, ok := parseEntryID(pending.Lower)
	return ok && a.newest.before(oldest)
}

// sorted returns the messages of each stream, and the executions they are about.
func (q *Queue) sorted(receipts []string) (all []acked, executions []string) {
	all, executions = make([]acked, len(q.keys)), make([]string, 0, len(receipts))
	for _, r := range receipts {
		rank, text, id, execution, ok := parseReceipt(r)
		if !ok || rank >= len(all) {
			continue
		}
		a := &all[rank]
		if a.ids == nil {
			a.ids = make([]string, 0, len(receipts))
		}
		a.ids = append(a.ids, text)
		if a.newest.before(id) {
			a.newest = id
		}
		if execution != "" {
			executions = append(executions, execution)
		}
	}
	return all, executions
}

// parseReceipt takes RANK/ENTRY/EXECUTION apart.
func parseReceipt(r string) (rank int, text string, id entryID, execution string, ok bool) {
	if len(r) < 3 || r[0] < '0' || r[0] > '9' || r[1] != '/' {
		return 0, "", id, "", false
	}
	text, execution, _ = strings.Cut(r[2:], "/")
	id, ok = parseEntryID(text)
	return int(r[0] - '0'), text, id, execution, ok
}
