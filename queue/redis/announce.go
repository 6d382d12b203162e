package redis

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/agentic-sdlc/scheduler/job"
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
	execution any // its id as text
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
	added, err := q.add(ctx, some)
	held := make([]any, 0, 2+2*len(some))
	held = append(held, "hset", q.held)
	for i, a := range added {
		if id := a.Val(); id != "" {
			held = append(held, some[i].execution, strconv.Itoa(some[i].rank)+"/"+id)
		}
	}
	if len(held) == 2 {
		return err
	}
	_, heldErr := q.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.Do(ctx, held...)
		p.ExpireNX(ctx, q.held, heldFor)
		return nil
	})
	return cmp.Or(err, heldErr)
}

// add adds messages to their streams; the answers are their entries.
func (q *Queue) add(ctx context.Context, some []waiter) (added []*redis.StringCmd, err error) {
	const about = 16 // arguments of one command
	var w writer
	var limit any = q.o.MaxLen
	keys := make([]any, len(q.keys))
	for rank, key := range q.keys {
		keys[rank] = key
	}
	added = make([]*redis.StringCmd, len(some))
	all := make([]any, 0, about*len(some))
	_, err = q.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range some {
			from := len(all)
			all = append(all, "xadd", keys[some[i].rank], "maxlen", "~", limit, "*")
			all = w.fields(all, some[i].Message, some[i].execution)
			added[i] = redis.NewStringCmd(ctx, all[from:len(all):len(all)]...)
			_ = p.Process(ctx, added[i]) // it is queued
		}
		return nil
	})
	return added, err
}

// notHeld returns the messages whose executions the streams do not hold already, each
// once. The hash says where a message should be; it is believed as far as the streams
// bear it out, so that it does no harm when they are lost.
func (q *Queue) notHeld(ctx context.Context, some []waiter) ([]waiter, error) {
	args := make([]any, 0, 2+len(some))
	args = append(args, "hmget", q.held)
	for i := range some {
		args = append(args, some[i].execution)
	}
	asked := redis.NewSliceCmd(ctx, args...)
	if err := q.client.Process(ctx, asked); err != nil {
		return nil, err
	}
	known := asked.Val()
	var ends []ends
	var now time.Time
	var err error
	fresh := make([]waiter, 0, len(some))
	seen := make(map[job.ID]struct{}, len(some))
	for i, w := range some {
		if _, double := seen[w.ExecutionID]; double {
			continue
		}
		seen[w.ExecutionID] = struct{}{}
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
