package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
)

// Bounds of a log's answer, in lines.
const (
	maxLogLines = 1000
	maxLogTail  = 10_000
)

// keepAlive is how often an idle stream gets an empty line, so that a caller that went
// away is noticed.
const keepAlive = 15 * time.Second

func (s *server) logs(rq *request) (any, error) {
	q := &rq.query
	f := control.LogFilter{
		Ref:      rq.execution(),
		AfterSeq: q.number("after", 0, 0, 1<<62),
		Attempt:  int(q.number("attempt", 0, 1, 1<<30)),
		MinLevel: single(q, "level", job.LogLevels()...),
		Contains: q.text("contains"),
		Since:    q.time("since"),
		Until:    q.time("until"),
		Tail:     int(q.number("tail", 0, 1, maxLogTail)),
		Limit:    int(q.number("limit", maxLogLines, 1, maxLogLines)),
	}
	follow := q.flag("follow")
	q.before("since", "until", f.Since, f.Until)
	if err := q.err(); err != nil {
		return nil, err
	}
	lines, err := s.service.Logs(rq.Context(), rq.call, f)
	if err != nil {
		return nil, err
	}
	if follow {
		return &follower{s: s, rq: rq, f: f, lines: lines}, nil
	}
	if lines == nil {
		lines = []job.LogEntry{}
	}
	return lines, nil
}

// follower is a log that is told as it grows: one JSON object a line.
type follower struct {
	s     *server
	rq    *request
	f     control.LogFilter
	lines []job.LogEntry // read, not told yet
	w     *writer
	flush *http.ResponseController
	poll  *time.Ticker
	over  bool // the execution has ended, and its last lines had time to arrive
}

// stream tells lines until the execution is over, the caller goes away, or the daemon
// drains.
func (fl *follower) stream(w *writer) error {
	who := &fl.rq.call.Principal
	if err := fl.s.streams.begin(who); err != nil {
		return err
	}
	defer fl.s.streams.end(who)
	fl.w, fl.flush, fl.f.Tail = w, http.NewResponseController(w), 0
	hurry(w)
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.WriteHeader(http.StatusOK)
	ctx, cancel := context.WithTimeout(fl.rq.Context(), streamFor)
	defer cancel()
	fl.poll = time.NewTicker(fl.s.o.Poll)
	defer fl.poll.Stop()
	for idle, trusted := time.Duration(0), time.Duration(0); ; {
		if trusted >= lookAgain && fl.s.o.Still != nil {
			trusted = 0
			if err := fl.s.o.Still(ctx, *who); err != nil {
				return err
			}
		}
		if len(fl.lines) == 0 && idle >= keepAlive {
			idle = 0
			hurry(w)
			if _, err := w.Write([]byte("\n")); err != nil {
				return err
			}
		} else if len(fl.lines) > 0 {
			idle = 0
		}
		if done, err := fl.step(ctx); done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-fl.poll.C:
			idle += fl.s.o.Poll
			trusted += fl.s.o.Poll
		}
	}
}

// step tells what was read and reads on until nothing is left.
func (fl *follower) step(ctx context.Context) (done bool, err error) {
	for {
		full := len(fl.lines) >= fl.f.Limit
		if err := fl.tell(); err != nil {
			return true, err
		}
		if !full {
			if fl.over || fl.s.service.Draining() {
				return true, nil
			}
			if err := fl.look(ctx); err != nil {
				return true, err
			}
		}
		if fl.lines, err = fl.s.service.Logs(ctx, fl.rq.call, fl.f); err != nil {
			return true, err
		}
		if len(fl.lines) == 0 && !fl.over {
			return false, nil
		}
	}
}

// look finds out whether the execution is over; if so it lets one interval pass,
// for lines that are still on their way.
func (fl *follower) look(ctx context.Context) error {
	e, err := fl.s.service.Execution(ctx, fl.rq.call, fl.f.Ref)
	if err != nil {
		return err
	}
	fl.f.Ref = e.ID.String() // JOB/last must not move on
	if !e.Status.Terminal() {
		return nil
	}
	fl.over = true
	select {
	case <-ctx.Done():
	case <-fl.poll.C:
	}
	return nil
}

// tell writes the lines that were read and sends them off.
func (fl *follower) tell() error {
	hurry(fl.w)
	encoder := json.NewEncoder(fl.w)
	encoder.SetEscapeHTML(false)
	for i := range fl.lines {
		if err := encoder.Encode(&fl.lines[i]); err != nil {
			return err
		}
		fl.f.AfterSeq = max(fl.f.AfterSeq, fl.lines[i].Seq)
	}
	fl.lines = nil
	return fl.flush.Flush()
}
