package httpapi

import (
	"net/http"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
)

// Bounds of callers that are slow. How long schedd thinks is bounded by the caller's own
// patience only.
const (
	readWithin  = 30 * time.Second // a body, from when its request was read
	writeWithin = 30 * time.Second // an answer, or one part of a stream
	streamFor   = 15 * time.Minute // then its caller asks again
	lookAgain   = 500 * time.Millisecond
)

// unhurried lifts the deadline of reading: a request that was read whole would end its
// own context when that passed.
func (rq *request) unhurried() {
	_ = http.NewResponseController(rq.w).SetReadDeadline(time.Time{}) // not every writer has one
}

// hurry bounds what is written next.
func hurry(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeWithin))
}

// streams counts what is followed, in all and by the platform that callers are confined
// to.
type streams struct {
	most, mostOf int

	mu  sync.Mutex
	all int
	of  map[string]int
}

// begin takes a place; the caller gives it back with end.
func (s *streams) begin(p *control.Principal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	confined := p.Platform != control.AnyPlatform
	switch {
	case s.all >= s.most:
		return job.Errorf(job.RateLimited, "%d logs are followed already", s.all)
	case confined && s.of[p.Platform] >= s.mostOf:
		return job.Errorf(job.RateLimited, "%d logs of your platform are followed already", s.of[p.Platform])
	}
	s.all++
	if confined {
		s.of[p.Platform]++
	}
	return nil
}

func (s *streams) end(p *control.Principal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if p.Platform == control.AnyPlatform {
		return
	}
	if s.of[p.Platform]--; s.of[p.Platform] == 0 {
		delete(s.of, p.Platform)
	}
}
