package control

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// termsAge is after how long what platforms may do is read anew: what another node changed
// holds here after that.
const termsAge = time.Second

// Of a store that is away nobody waits long for that, and not every caller anew.
const (
	termsWithin = 2 * time.Second  // bounds one reading
	termsPause  = 10 * time.Second // after one that failed
)

// terms remembers what platforms may do: those of them that may not do everything. Its
// zero value knows nothing yet.
type terms struct {
	mu    sync.RWMutex
	of    map[string]*store.Platform
	at    time.Time
	away  time.Time  // when a reading failed last
	fresh sync.Mutex // held by who reads
}

// known returns what is remembered of a platform, and whether that is old.
func (t *terms) known(platform string, now time.Time) (p *store.Platform, old bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	age, away := now.Sub(t.at), now.Sub(t.away)
	old = t.of == nil || now.IsZero() || age > termsAge || age < 0
	return t.of[platform], old && (now.IsZero() || t.away.IsZero() || away > termsPause || away < 0)
}

// miss remembers that a reading failed.
func (t *terms) miss(at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.away = at
}

// forget makes the next look read anew.
func (t *terms) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.at, t.away = time.Time{}, time.Time{}
}

func (t *terms) note(list []store.Platform, now time.Time) {
	of := make(map[string]*store.Platform, len(list))
	for i := range list {
		of[list[i].Slug] = &list[i]
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.of, t.at, t.away = of, now, time.Time{}
}

// free is what a platform may do of which nothing else is said.
var free store.Platform

// termsOf returns what a platform may do. While one caller reads that anew, others go by
// what was; when it cannot be read, so do all.
func (s *Service) termsOf(platform string) *store.Platform {
	var now time.Time // without a clock everything is old
	if s.o.Health.Clock != nil {
		now = s.o.Health.Clock()
	}
	p, old := s.terms.known(platform, now)
	if old && s.terms.fresh.TryLock() {
		defer s.terms.fresh.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), termsWithin)
		defer cancel()
		if list, err := s.store.ListPlatforms(ctx, store.PlatformFilter{Scope: AnyPlatform, Deleted: true, Limited: true}); err != nil {
			s.log.WarnContext(ctx, "what platforms may do cannot be read; what was known holds", slog.Any("err", err))
			if s.o.Health.Clock != nil {
				s.terms.miss(s.o.Health.Clock())
			}
		} else {
			s.terms.note(list, now)
		}
		p, _ = s.terms.known(platform, now)
	}
	if p == nil {
		return &free
	}
	return p
}

// Allows reports whether jobs of a platform may use a handler, by its platform's terms.
func (s *Service) Allows(platform, handler string) bool { return s.termsOf(platform).Allows(handler) }

// inUse refuses what is to be made on a deleted platform.
func (s *Service) inUse(platform string) error {
	if s.termsOf(platform).DeletedAt == nil {
		return nil
	}
	return job.Errorf(job.Conflict, "platform %q is deleted", platform).WithHint("an admin takes it into use again with schedctl platform create %s", platform)
}

// mayUse refuses a free command to everyone who could not run it anyway, and a handler
// to platforms that it is not for, or that may not use it.
func (s *Service) mayUse(c *Call, info handler.Info, platform string) error {
	if err := c.mayUse(info, platform); err != nil {
		return err
	}
	if err := s.inUse(platform); err != nil {
		return err
	}
	if s.Allows(platform, info.Name) {
		return nil
	}
	var p job.Problems
	p.Add("handler_name", "not_allowed", "platform %q may not use handler %.80q", platform, info.Name)
	err := p.Err()
	if fault, ok := err.(*job.Error); ok {
		return fault.WithHint("%s", usable(s.termsOf(platform).Handlers))
	}
	return err
}

// usable says what a platform may use instead.
func usable(handlers []string) string {
	const shown = 10
	if len(handlers) == 0 {
		return "it may use none; an admin allows some with schedctl platform set"
	}
	text := "it may use"
	for i, name := range handlers[:min(shown, len(handlers))] {
		if i > 0 {
			text += ","
		}
		text += " " + name
	}
	if len(handlers) > shown {
		text += ", …"
	}
	return text
}

// mayCreate takes n jobs from what a platform may create in a minute.
func (s *Service) mayCreate(platform string, n int, now time.Time) error {
	limit := s.termsOf(platform).CreatesPerMinute
	if limit == nil {
		return nil
	}
	rate := float64(*limit) / 60
	if wait := s.createRates.take(platform, n, now, rate, float64(*limit)); wait > 0 {
		return &floodError{job.Errorf(job.RateLimited, "platform %q may create %d job(s) a minute", platform, *limit).WithHint("wait, or create fewer at once"), wait}
	}
	return nil
}
