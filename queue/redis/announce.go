package redis

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/agentic-sdlc/scheduler/queue"
)

const (
	// perRequest bounds the messages of one round of requests.
	perRequest = 1000
	// flight is how long after its announcement an execution that was received is not
	// announced again: its claim is on the way.
	flight = 2 * time.Second
	// heldFor is how long the hash lives: what nobody acks must not stay for ever.
	// Without it an execution may wait twice.
	heldFor = time.Hour
)

// waiter is a message on its way into the stream of its rank.
type waiter struct {
	*queue.Message
	execution string
	level     int64
	rank      int
}

// place says where the newest message of an execution is, RANK/ENTRY in the hash.
type place struct {
	rank int
	id   entryID
}

// Announce adds messages to the stream of their effective priority, those of higher
// priority first, else in order. One for an execution that waits there, or was
// announced and received less than two seconds ago, is dropped. Nodes that announce it
// at one instant may double it.
func (q *Queue) Announce(ctx context.Context, messages []queue.Message) error {
	if q.closed.Load() {
		return errClosed()
	}
	now := q.o.Now()
	order := make([]waiter, len(messages))
	for i := range messages {
		m := &messages[i]
		n := level(m, now)
		order[i] = waiter{m, m.ExecutionID.String(), n, int(min(n, int64(len(q.keys)-1)))}
	}
	slices.SortStableFunc(order, func(a, b waiter) int { return cmp.Compare(b.level, a.level) })
	for some := range slices.Chunk(order, perRequest) {
		if err := q.announce(ctx, some); err != nil {
			return q.failed("announce", err)
		}
	}
	return nil
}

func (q *Queue) announce(ctx context.Context, some []waiter) error {
	ctx, cancel := q.within(ctx, 0)
	defer cancel()
	some, err := q.notHeld(ctx, some)
	if err != nil || len(some) == 0 {
		return err
	}
	added := make([]*redis.StringCmd, len(some))
	_, err = q.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range some {
			added[i] = p.XAdd(ctx, &redis.XAddArgs{
				Stream: q.keys[some[i].rank], MaxLen: q.o.MaxLen, Approx: true, Values: fields(some[i].Message, some[i].execution),
			})
		}
		return nil
	})
	held := make([]string, 0, 2*len(some))
	for i, a := range added {
		if id := a.Val(); id != "" {
			held = append(held, some[i].execution, strconv.Itoa(some[i].rank)+"/"+id)
		}
	}
	if len(held) == 0 {
		return err
	}
	_, heldErr := q.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, q.held, held)
		p.ExpireNX(ctx, q.held, heldFor)
		return nil
	})
	return cmp.Or(err, heldErr)
}

// notHeld returns the messages whose executions the streams do not hold already, each
// once. The hash says where a message should be; it is believed as far as the streams
// bear it out, so that it does no harm when they are lost.
func (q *Queue) notHeld(ctx context.Context, some []waiter) ([]waiter, error) {
	executions := make([]string, len(some))
	for i := range some {
		executions[i] = some[i].execution
	}
	known, err := q.client.HMGet(ctx, q.held, executions...).Result()
	if err != nil {
		return nil, err
	}
	var ends []ends
	now := time.Time{}
	fresh := make([]waiter, 0, len(some))
	seen := make(map[string]bool, len(some))
	for i, w := range some {
		if seen[w.execution] {
			continue
		}
		seen[w.execution] = true
		text, _ := known[i].(string)
		at, ok := parsePlace(text)
		if ok && at.rank < len(q.keys) && at.rank >= w.rank {
			if ends == nil {
				if now, ends, err = q.ends(ctx); err != nil {
					return nil, err
				}
			}
			if ends[at.rank].hold(at.id, now) {
				continue
			}
		}
		fresh = append(fresh, w)
	}
	return fresh, nil
}

// ends is what of a stream is needed to say whether an entry is still in it.
type ends struct {
	head entryID // the oldest entry, zero when there is none
	read entryID // the newest that the workers have received
}

// hold says whether an entry waits, or was received so lately that it may yet be
// claimed. One that is acked is not asked about: it has left the hash.
func (e *ends) hold(id entryID, now time.Time) bool {
	switch {
	case e.head == (entryID{}) || id.before(e.head):
		return false
	case e.read.before(id):
		return true
	default:
		return now.UnixMilli()-int64(id.ms) < flight.Milliseconds()
	}
}

// ends asks for the ends of all streams and the clock of Redis.
func (q *Queue) ends(ctx context.Context) (now time.Time, all []ends, err error) {
	heads := make([]*redis.XMessageSliceCmd, len(q.keys))
	groups := make([]*redis.XInfoGroupsCmd, len(q.keys))
	var clock *redis.TimeCmd
	_, err = q.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		clock = p.Time(ctx)
		for rank, key := range q.keys {
			heads[rank], groups[rank] = p.XRangeN(ctx, key, "-", "+", 1), p.XInfoGroups(ctx, key)
		}
		return nil
	})
	if err != nil && !noKey(err) {
		return now, nil, err
	}
	all = make([]ends, len(q.keys))
	for rank := range all {
		if head := heads[rank].Val(); len(head) > 0 {
			all[rank].head, _ = parseEntryID(head[0].ID)
		}
		for _, g := range groups[rank].Val() {
			if g.Name == q.o.Group {
				all[rank].read, _ = parseEntryID(g.LastDeliveredID)
			}
		}
	}
	return clock.Val(), all, clock.Err()
}

// level is the rank of a message and what its waiting has added.
func level(m *queue.Message, now time.Time) int64 {
	rank := queue.Rank(m.Priority)
	if m.ReadyAt.IsZero() || m.ReadyAt.After(now) {
		return rank
	}
	return rank + int64(now.Sub(m.ReadyAt)/queue.Ageing)
}

// entryID is the identifier of an entry of a stream.
type entryID struct{ ms, seq uint64 }

func (a entryID) before(b entryID) bool {
	return a.ms < b.ms || a.ms == b.ms && a.seq < b.seq
}

// next is the identifier after this one.
func (a entryID) next() entryID {
	if a.seq++; a.seq == 0 {
		a.ms++
	}
	return a
}

func (a entryID) String() string {
	return strconv.FormatUint(a.ms, 10) + "-" + strconv.FormatUint(a.seq, 10)
}

func parseEntryID(s string) (id entryID, ok bool) {
	ms, seq, ok := strings.Cut(s, "-")
	if !ok {
		return id, false
	}
	var err, seqErr error
	id.ms, err = strconv.ParseUint(ms, 10, 64)
	id.seq, seqErr = strconv.ParseUint(seq, 10, 64)
	return id, err == nil && seqErr == nil
}

// parsePlace reads RANK/ENTRY.
func parsePlace(s string) (place, bool) {
	if len(s) < 2 || s[0] < '0' || s[0] > '9' || s[1] != '/' {
		return place{}, false
	}
	id, ok := parseEntryID(s[2:])
	return place{int(s[0] - '0'), id}, ok
}
