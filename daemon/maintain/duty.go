package maintain

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/store"
)

// duty is what this node knows of something that one node at a time does for all. It
// spares the store a question each time a task is due: a task that two nodes did at
// once would cost work, and harm nothing.
type duty struct {
	name    string
	session int64     // that asked
	ask     time.Time // when to ask again
	until   time.Time // held until then; zero = another node holds it
}

// onDuty reports whether the duty is this node's. A lease is prolonged with
// every heartbeat, and ends with the session.
func (m *Maintainer) onDuty(ctx context.Context, d *duty, now time.Time) (bool, error) {
	session := m.o.Session()
	if d.session == session && now.Before(d.ask) {
		return now.Before(d.until), nil
	}
	held, err := m.o.Store.HoldDuty(ctx, store.Duty{Name: d.name, Session: session, Now: now, Lease: m.o.Lease})
	if err != nil {
		return false, err
	}
	d.session, d.ask, d.until = session, now.Add(m.o.Heartbeat), time.Time{}
	if held {
		d.until = now.Add(m.o.Lease - m.margin())
	}
	return held, nil
}
