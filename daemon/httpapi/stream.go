package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
)

// streamEvents tells what happens as Server-Sent Events.
func (s *server) streamEvents(rq *request) (any, error) {
	q := &rq.query
	f := control.EventFilter{Names: q.list("event"), Jobs: q.list("job")}
	after := q.text("last_event_id")
	if err := q.err(); err != nil {
		return nil, err
	}
	if header := rq.Header.Get(api.HeaderLastEventID); header != "" {
		after = header
	}
	if len(after) > 128 || !printable(after) {
		return nil, job.Errorf(job.Invalid, "%s is not the id of an event", api.HeaderLastEventID)
	}
	who := &rq.call.Principal
	if err := s.streams.begin(who); err != nil {
		return nil, err
	}
	w, keep, err := s.service.FollowEvents(rq.call, f, after)
	if err != nil {
		s.streams.end(who)
		return nil, err
	}
	return &eventStream{s: s, rq: rq, from: w, keep: keep}, nil
}

// eventStream is a follower of events with its connection.
type eventStream struct {
	s    *server
	rq   *request
	from *control.Follower
	keep func(e *queue.Event) bool
	w    *writer
	text bytes.Buffer // not sent yet
}

// stream tells events until the caller goes away or is too slow, or the daemon drains.
func (es *eventStream) stream(w *writer) error {
	who := &es.rq.call.Principal
	defer es.s.streams.end(who)
	defer es.from.Leave()
	es.w = w
	hurry(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	ctx, cancel := context.WithTimeout(es.rq.Context(), streamFor)
	defer cancel()
	if es.from.Gap {
		es.notice(api.StreamGap)
	}
	for i := range es.from.Past {
		es.add(&es.from.Past[i])
	}
	es.text.WriteString(": connected\n\n")
	look := time.NewTicker(lookAgain)
	defer look.Stop()
	idle := time.Duration(0)
	for {
		if es.text.Len() > 0 {
			idle = 0
			if err := es.send(); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case e, ok := <-es.from.Events:
			if !ok {
				es.notice(api.StreamDropped)
				return es.send()
			}
			es.add(&e)
			es.rest()
		case <-look.C:
			if idle += lookAgain; idle >= keepAlive {
				es.text.WriteString(": still here\n\n")
			}
			if es.s.service.Draining() {
				return nil
			}
			if es.s.o.Still != nil {
				if err := es.s.o.Still(ctx, *who); err != nil {
					return err
				}
			}
		}
	}
}

// rest takes what else is there, so that many events are one write.
func (es *eventStream) rest() {
	for es.text.Len() < 64<<10 {
		select {
		case e, ok := <-es.from.Events:
			if !ok {
				return // the next look finds it closed
			}
			es.add(&e)
		default:
			return
		}
	}
}

// add writes one event, if the caller wants it.
func (es *eventStream) add(e *queue.Event) {
	if !es.keep(e) {
		return
	}
	data, err := json.Marshal(api.BusEvent{ID: e.ID, Event: e.Name, At: e.At, Data: e.Data})
	if err != nil {
		return // data that is no JSON would break the stream
	}
	for _, line := range [][2]string{{"id", e.ID}, {"event", e.Name}, {"data", string(data)}} {
		es.text.WriteString(line[0] + ": " + line[1] + "\n")
	}
	es.text.WriteByte('\n')
}

// notice tells something of the stream itself.
func (es *eventStream) notice(name string) {
	es.text.WriteString("event: " + name + "\ndata: {}\n\n")
}

func (es *eventStream) send() error {
	hurry(es.w)
	if _, err := es.w.Write(es.text.Bytes()); err != nil {
		return err
	}
	es.text.Reset()
	return http.NewResponseController(es.w).Flush()
}
