package postgres

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// stops is what holds keep from happening at one moment. The zero value is nothing.
type stops struct {
	maintenance bool
	all         bool // dispatch of every platform
	platforms   map[string]bool
	expired     bool // a hold is past its until and not marked as ended
}

// dispatch reports whether nothing of the platform may start.
func (s *stops) dispatch(platform string) bool {
	return s.maintenance || s.all || s.platforms[platform]
}

// names returns the platforms of which nothing may start.
func (s *stops) names() []string {
	names := make([]string, 0, len(s.platforms))
	for name := range s.platforms {
		names = append(names, name)
	}
	return names
}

// queueStops reads what stands; there is hardly ever more than one row.
func queueStops(t *tx, now time.Time, s *stops) {
	t.queueQuery(`SELECT kind, platform, until FROM holds WHERE ended_at IS NULL`, nil, func(r *row) error {
		kind, platform, until := stored.Value(stored.HoldKinds, r.int()), r.text(), r.timePtr()
		switch {
		case until != nil && !until.After(now):
			s.expired = true
		case kind == store.HoldMaintenance:
			s.maintenance = true
		case platform == "":
			s.all = true
		default:
			if s.platforms == nil {
				s.platforms = map[string]bool{}
			}
			s.platforms[platform] = true
		}
		return nil
	})
}

// endExpired marks holds that ended by themselves.
func endExpired(t *tx, now time.Time) {
	t.queue(`UPDATE holds SET ended_at = until WHERE ended_at IS NULL AND until <= $1`, now.UnixMicro())
}

// SetHold stops what h says.
func (s *Store) SetHold(ctx context.Context, h store.Hold) error {
	return s.write(ctx, func(t *tx) error {
		endExpired(t, h.Since)
		t.queue(`INSERT INTO holds (kind, platform, since, until, held_by, reason) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (kind, platform) WHERE ended_at IS NULL DO UPDATE SET until = excluded.until, held_by = excluded.held_by, reason = excluded.reason`,
			stored.Code(stored.HoldKinds, h.Kind), h.Platform, h.Since.UnixMicro(), microsPtr(h.Until), h.By, h.Reason)
		return nil
	})
}

// ReleaseHold ends a hold.
func (s *Store) ReleaseHold(ctx context.Context, kind store.HoldKind, platform string, now time.Time) (released bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		endExpired(t, now)
		n, err := t.exec(`UPDATE holds SET ended_at = $1 WHERE kind = $2 AND platform = $3 AND ended_at IS NULL`, now.UnixMicro(), stored.Code(stored.HoldKinds, kind), platform)
		released = n > 0
		return err
	})
	return released, err
}

// Holds returns what stands.
func (s *Store) Holds(ctx context.Context, now time.Time) ([]store.Hold, error) {
	return s.holds(ctx, `ended_at IS NULL AND (until IS NULL OR until > $1)`, now.UnixMicro())
}

// PastHolds returns what stood at some time in [from, to).
func (s *Store) PastHolds(ctx context.Context, from, to time.Time) ([]store.Hold, error) {
	return s.holds(ctx, `since < $2 AND (ended_at IS NULL OR ended_at > $1) AND (until IS NULL OR until > $1)`, bound(from), bound(to))
}

func (s *Store) holds(ctx context.Context, where string, args ...any) (list []store.Hold, err error) {
	err = s.read(ctx, func(t *tx) error {
		list = nil
		return t.query(`SELECT kind, platform, since, until, ended_at, held_by, reason FROM holds WHERE `+where+` ORDER BY since, id`, args, func(r *row) error {
			list = append(list, store.Hold{
				Kind: stored.Value(stored.HoldKinds, r.int()), Platform: r.text(), Since: r.time(), Until: r.timePtr(), EndedAt: r.timePtr(), By: r.text(), Reason: r.text(),
			})
			return nil
		})
	})
	return list, err
}
