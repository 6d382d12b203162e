package acts

import (
	"encoding/json"
	"time"

	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// maxBytes bounds the data of the events that one transaction decides about.
const maxBytes = 8 << 20

// outboxRows is how many rows of the outbox one transaction decides about: each may hold
// thousands of events.
const outboxRows = 50

// run is the state of one transaction.
type run struct {
	tx Tx
	d  *reads.Dialect
	p  *store.Act

	version, position int64
	listening         bool

	events []event.Event
	inbox  []int64 // k's of those that came in
	items  []*item
	keys   map[dedupe]bool         // that are taken
	held   map[int64][]dedupe      // keys that are taken as long as the job lives
	groups map[dedupe]*item        // put off in this transaction
	wanted map[correlation]bool    // of jobs that are pending
	made   map[correlation][]int64 // jobs of this transaction
	create []*item                 // pending, in order
	runs   []*item
	out    store.Acted
}

// item is one act on its way.
type item struct {
	act    event.Act
	event  *event.Event
	depth  int
	waited bool // its row is there
	state  store.ActState
	detail string
	deed   store.Deed
	job    int64 // that was made
	k      any   // execution that was made
	due    time.Time
}

// waiting is what is stored of an act that waits.
type waiting struct {
	Act   event.Act
	Event event.Event // without its data
}

type dedupe struct {
	rule int64
	key  string
}

type correlation struct{ platform, event, key string }

// Run does what store.Events says of Act.
func Run(tx Tx, d *reads.Dialect, p *store.Act) (store.Acted, error) {
	r := &run{tx: tx, d: d, p: p, keys: map[dedupe]bool{}, held: map[int64][]dedupe{}, groups: map[dedupe]*item{}, wanted: map[correlation]bool{}, made: map[correlation][]int64{}}
	locked, err := tx.Lock()
	if err != nil || !locked {
		return store.Acted{Busy: err == nil}, err
	}
	if err := r.all(); err != nil {
		return store.Acted{}, err
	}
	return r.out, nil
}

func (r *run) all() error {
	for _, step := range []func() error{r.state, r.listen, r.due, r.came, r.happened} {
		if err := step(); err != nil {
			return err
		}
	}
	if len(r.events)+len(r.items) == 0 {
		return nil
	}
	if err := r.decide(); err != nil {
		return err
	}
	for _, step := range []func() error{r.flush, r.record, r.figures, r.takeAway, r.tx.Flush} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) state() error {
	return r.tx.Query(`SELECT version, listening, position FROM event_state`, nil, func(row *stored.Row) error {
		r.version, r.listening, r.position = row.Int(), row.Int() == 1, row.Int()
		return nil
	})
}

// listen hands out what listens, when that changed.
func (r *run) listen() error {
	if r.version == r.p.Version {
		return nil
	}
	var listeners []event.Listener
	if err := r.tx.Query(`SELECT `+stored.RuleColumns+` FROM event_rules ORDER BY seq`, nil, func(row *stored.Row) error {
		rule, err := stored.ScanRule(row)
		if err == nil && rule.Enabled {
			listeners = append(listeners, event.Listener{Source: rule.Seq, Rule: &rule})
		}
		return err
	}); err != nil {
		return err
	}
	var jobs []*job.Job
	if err := r.tx.Query(`SELECT `+r.d.JobColumns+` FROM jobs j JOIN cursors c ON c.job = j.seq WHERE j.type = $1 AND j.deleted_at IS NULL AND `+r.d.Status+` = 1 ORDER BY j.seq`,
		[]any{stored.Code(stored.JobTypes, job.TypeEvent)}, func(row *stored.Row) error {
			j := &job.Job{}
			if seq, err := stored.ScanJob(row, j); err == nil && j.Listens() {
				jobs = append(jobs, j)
				listeners = append(listeners, event.Listener{Source: -seq, Job: j})
			}
			return nil
		}); err != nil {
		return err
	}
	var shapes []event.CancelShape
	if err := r.tx.Query(`SELECT platform, event, fields FROM cancel_shapes ORDER BY platform, event, fields`, nil, func(row *stored.Row) error {
		shapes = append(shapes, event.CancelShape{Platform: row.Text(), Event: row.Text(), Fields: row.Text()})
		return nil
	}); err != nil {
		return err
	}
	if system := r.p.Listen(r.version, listeners, shapes); !system && r.listening {
		r.listening = false
		return r.tx.Queue(`UPDATE event_state SET listening = 0`)
	}
	return nil
}

// due reads acts that waited until now.
func (r *run) due() error {
	return r.tx.Query(`SELECT rule, event, depth, act FROM event_acts WHERE due_at <= $1 AND due_at IS NOT NULL ORDER BY due_at LIMIT $2`,
		[]any{r.p.Now.UnixMicro(), r.p.Limit}, func(row *stored.Row) error {
			rule, id, depth := row.Int(), row.Text(), row.Int()
			var w waiting
			if err := json.Unmarshal(row.Blob(), &w); err != nil {
				w.Act.Err = "what it was to do cannot be read"
			}
			w.Act.Source, w.Act.Event, w.Event.ID = rule, -1, id
			r.items = append(r.items, &item{act: w.Act, event: &w.Event, depth: int(depth), waited: true})
			return nil
		})
}

// came reads what came in, no more than one transaction shall hold.
func (r *run) came() error {
	var last int64
	n, bytes := 0, int64(0)
	err := r.tx.Query(`SELECT i.k, length(e.data) FROM event_inbox i JOIN events e ON e.k = i.k ORDER BY i.k LIMIT $1`, []any{r.p.Limit}, func(row *stored.Row) error {
		k, size := row.Int(), row.Int()
		if n > 0 && bytes+size > maxBytes {
			return nil
		}
		if bytes <= maxBytes {
			last, n = k, n+1
		}
		bytes += size
		return nil
	})
	if err != nil || n == 0 {
		return err
	}
	r.out.More = n == r.p.Limit || bytes > maxBytes
	return r.tx.Query(`SELECT e.k, e.lo, e.id, e.platform, e.name, e.data, e.at, e.depth, e.execution, e.trace_id, e.parent_span
		FROM event_inbox i JOIN events e ON e.k = i.k WHERE i.k <= $1 ORDER BY i.k LIMIT $2`, []any{last, n}, func(row *stored.Row) error {
		k := row.Int()
		e := event.Event{Key: stored.IDOf(k, row.Int()), ID: row.Text(), Platform: row.Text(), Name: row.Text(), Data: row.Bytes(), At: row.Time()}
		e.Depth, e.ExecutionID, e.TraceID, e.SpanID = int(row.Int()), row.ID(), row.Text(), row.Text()
		r.events, r.inbox = append(r.events, e), append(r.inbox, k)
		return nil
	})
}

// happened reads events of the outbox, if anything listens to them.
func (r *run) happened() error {
	if !r.listening {
		return nil
	}
	rows, err := r.tx.Outbox(r.position, outboxRows)
	if err != nil || len(rows) == 0 {
		return err
	}
	for _, row := range rows {
		for i := range row.Events {
			e := &row.Events[i]
			var about struct {
				Platform string `json:"platform_id"`
			}
			_ = json.Unmarshal(e.Data, &about) // our own writing
			r.events = append(r.events, event.Event{
				ID: e.ID, Name: e.Name, Platform: about.Platform, Data: e.Data, At: e.At, ExecutionID: e.ExecutionID, JobID: e.JobID,
			})
		}
	}
	r.position = rows[len(rows)-1].Position
	r.out.More = r.out.More || len(rows) == outboxRows
	return r.tx.Queue(`UPDATE event_state SET position = $1`, r.position)
}
