package acts

import (
	"strconv"
	"strings"

	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// How many rows one statement writes, and how many it removes: few statements for many
// rows, and few different ones.
const (
	actRows   = 25
	inboxRows = 50
)

const actColumns = 11

var (
	insertAct  = insertActs(1)
	insertMany = insertActs(actRows)
	removeOne  = removeInbox(1)
	removeMany = removeInbox(inboxRows)
)

func insertActs(rows int) string {
	return `INSERT INTO event_acts (rule, event, at, state, depth, due_at, grp, act, job, k, detail) VALUES ` + places(rows, actColumns) + ` ON CONFLICT (rule, event) DO NOTHING`
}

func removeInbox(rows int) string {
	return `DELETE FROM event_inbox WHERE k IN ` + places(1, rows)
}

// places is ($1, $2), ($3, $4) and so on.
func places(rows, columns int) string {
	var b strings.Builder
	for i := range rows * columns {
		switch {
		case i == 0:
			b.WriteString("(")
		case i%columns == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(i+1))
	}
	return b.String() + ")"
}

// record writes what became of the acts.
func (r *run) record() error {
	now := r.p.Now.UnixMicro()
	var fresh []any // arguments, a row of them for each act
	for _, it := range r.items {
		var jobSeq, due, act any
		group := ""
		if it.job != 0 {
			jobSeq = it.job
		}
		if it.state == store.ActWaiting {
			raw, err := it.encode()
			if err != nil {
				return err
			}
			due, act = it.due.UnixMicro(), raw
			if it.act.Debounce {
				group = "=" + it.act.Group
			}
		}
		if it.state == store.ActFailed {
			r.out.Failed++
		}
		state := stored.Code(stored.ActStates, it.state)
		if !it.waited {
			fresh = append(fresh, it.act.Source, it.event.ID, now, state, it.depth, due, group, act, jobSeq, it.k, it.detail)
			continue
		}
		if err := r.tx.Queue(`UPDATE event_acts SET at = $1, state = $2, job = $3, k = $4, detail = $5, due_at = NULL, grp = '', act = NULL WHERE rule = $6 AND event = $7`,
			now, state, jobSeq, it.k, it.detail, it.act.Source, it.event.ID); err != nil {
			return err
		}
	}
	r.out.Acts = len(r.items)
	return r.inRows(fresh, actColumns, actRows, insertMany, insertAct)
}

// takeAway forgets that the events were to be decided about.
func (r *run) takeAway() error {
	r.out.Events = len(r.events)
	keys := make([]any, len(r.inbox))
	for i, k := range r.inbox {
		keys[i] = k
	}
	return r.inRows(keys, 1, inboxRows, removeMany, removeOne)
}

// inRows runs a statement for so many rows of arguments at a time, and another for each of
// the rest.
func (r *run) inRows(args []any, columns, rows int, many, one string) error {
	for len(args) > 0 {
		n, statement := columns, one
		if len(args) >= rows*columns {
			n, statement = rows*columns, many
		}
		if err := r.tx.Queue(statement, args[:n:n]...); err != nil {
			return err
		}
		args = args[n:]
	}
	return nil
}
