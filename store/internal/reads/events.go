package reads

import (
	"context"
	"strconv"

	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// fromEvents is the table of events that came in; what list filters by platform is j.
const fromEvents = ` FROM events j`

var eventColumns = `j.k, j.lo, j.id, j.platform, j.name, CASE WHEN length(j.data) <= ` + strconv.Itoa(store.MaxListedData) + ` THEN j.data END, length(j.data), j.at, j.depth, j.execution,
	j.trace_id, j.parent_span, CASE WHEN EXISTS (SELECT 1 FROM event_inbox i WHERE i.k = j.k) THEN 1 ELSE 0 END`

// ListEvents returns one page of the events that came in.
func (r *Reader) ListEvents(ctx context.Context, f store.EventFilter) (store.Page[store.CameIn], error) {
	return ask(ctx, r.snapshot, f.Platform, func(rows Rows) (store.Page[store.CameIn], error) { return listEvents(rows, &f) })
}

func listEvents(rows Rows, f *store.EventFilter) (page store.Page[store.CameIn], err error) {
	l := list{sort: "events", key: "j.k", descending: true}
	l.platform(f.Platform)
	in(&l, "j.name IN (?)", f.Names)
	l.equals("j.id = ?", f.ID)
	l.since("j.at >= ?", f.Since)
	l.since("j.at < ?", f.Until)
	if err := l.after(f.Cursor); err != nil {
		return page, err
	}
	limit, last := pageLimit(f.Limit), int64(0)
	page.Items, page.Total = make([]store.CameIn, 0, limit), -1
	err = rows(l.page(eventColumns, fromEvents, limit, 0), l.args, func(r *stored.Row) error {
		if len(page.Items) == limit {
			page.Next = l.cursor(last, nil)
			return nil
		}
		last = r.Int()
		e := event.Event{Key: stored.IDOf(last, r.Int()), ID: r.Text(), Platform: r.Text(), Name: r.Text(), Data: r.Bytes()}
		one := store.CameIn{Bytes: r.Int()}
		e.At, e.Depth, e.ExecutionID, e.TraceID, e.SpanID = r.Time(), int(r.Int()), r.ID(), r.Text(), r.Text()
		one.Event, one.Waiting = e, r.Int() == 1
		page.Items = append(page.Items, one)
		return nil
	})
	return page, err
}
