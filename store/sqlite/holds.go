package sqlite

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/store"
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

// stopsAt reads what stands; there is hardly ever more than one row.
func stopsAt(ctx context.Context, c *conn, now time.Time) (s stops, err error) {
	err = c.query(ctx, `SELECT kind, platform, until FROM holds WHERE ended_at IS NULL`, nil, func(r *row) error {
		kind, platform, until := value(holdKinds, r.int()), r.text(), r.timePtr()
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
	return s, err
}

// endExpired marks holds that ended by themselves.
func endExpired(c *conn, now time.Time) error {
	_, err := c.exec(`UPDATE holds SET ended_at = until WHERE ended_at IS NULL AND until <= ?`, now.UnixMicro())
	return err
}

// SetHold stops what h says.
func (s *Store) SetHold(ctx context.Context, h store.Hold) error {
	return s.write(ctx, func(c *conn) error {
		if err := endExpired(c, h.Since); err != nil {
			return err
		}
		_, err := c.exec(`INSERT INTO holds (kind, platform, since, until, held_by, reason) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (kind, platform) WHERE ended_at IS NULL DO UPDATE SET until = excluded.until, held_by = excluded.held_by, reason = excluded.reason`,
			code(holdKinds, h.Kind), h.Platform, h.Since.UnixMicro(), microsPtr(h.Until), h.By, h.Reason)
		return err
	})
}

// ReleaseHold ends a hold.
func (s *Store) ReleaseHold(ctx context.Context, kind store.HoldKind, platform string, now time.Time) (released bool, err error) {
	err = s.write(ctx, func(c *conn) error {
		if err := endExpired(c, now); err != nil {
			return err
		}
		n, err := c.exec(`UPDATE holds SET ended_at = ? WHERE kind = ? AND platform = ? AND ended_at IS NULL`, now.UnixMicro(), code(holdKinds, kind), platform)
		released = n > 0
		return err
	})
	return released, err
}

// Holds returns what stands.
func (s *Store) Holds(ctx context.Context, now time.Time) ([]store.Hold, error) {
	return s.holds(ctx, `ended_at IS NULL AND (until IS NULL OR until > ?)`, now.UnixMicro())
}

// PastHolds returns what stood at some time in [from, to).
func (s *Store) PastHolds(ctx context.Context, from, to time.Time) ([]store.Hold, error) {
	return s.holds(ctx, `since < ?2 AND (ended_at IS NULL OR ended_at > ?1) AND (until IS NULL OR until > ?1)`, bound(from), bound(to))
}

func (s *Store) holds(ctx context.Context, where string, args ...any) (list []store.Hold, err error) {
	err = s.read(ctx, func(c *conn) error {
		return c.query(ctx, `SELECT kind, platform, since, until, ended_at, held_by, reason FROM holds WHERE `+where+` ORDER BY since, id`, args, func(r *row) error {
			list = append(list, store.Hold{
				Kind: value(holdKinds, r.int()), Platform: r.text(), Since: r.time(), Until: r.timePtr(), EndedAt: r.timePtr(), By: r.text(), Reason: r.text(),
			})
			return nil
		})
	})
	return list, err
}

// forgetHolds removes holds that ended before the instant.
func forgetHolds(c *conn, before time.Time) error {
	_, err := c.exec(`DELETE FROM holds WHERE ended_at < ?`, before.UnixMicro())
	return err
}
