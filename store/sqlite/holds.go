package sqlite

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// stopsAt reads what stands.
func stopsAt(c *conn, now time.Time) (s stored.Stops, err error) {
	err = c.query(stored.SelectStops, nil, func(r *row) error {
		s.Add(r, now)
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
		store.TrailOf(ctx).Note(stored.NoteHold(h.Kind, h.Platform, &h))
		if err := endExpired(c, h.Since); err != nil {
			return err
		}
		_, err := c.exec(`INSERT INTO holds (kind, platform, since, until, held_by, reason) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (kind, platform) WHERE ended_at IS NULL DO UPDATE SET until = excluded.until, held_by = excluded.held_by, reason = excluded.reason`,
			stored.Code(stored.HoldKinds, h.Kind), h.Platform, h.Since.UnixMicro(), stored.MicrosPtr(h.Until), h.By, h.Reason)
		return err
	})
}

// ReleaseHold ends a hold.
func (s *Store) ReleaseHold(ctx context.Context, kind store.HoldKind, platform string, now time.Time) (released bool, err error) {
	err = s.write(ctx, func(c *conn) error {
		if err := endExpired(c, now); err != nil {
			return err
		}
		n, err := c.exec(`UPDATE holds SET ended_at = ? WHERE kind = ? AND platform = ? AND ended_at IS NULL`, now.UnixMicro(), stored.Code(stored.HoldKinds, kind), platform)
		if released = n > 0; released {
			store.TrailOf(ctx).Note(stored.NoteHold(kind, platform, nil))
		}
		return err
	})
	return released, err
}

// forgetHolds removes holds that ended before the instant.
func forgetHolds(c *conn, before time.Time) error {
	_, err := c.exec(`DELETE FROM holds WHERE ended_at < ?`, before.UnixMicro())
	return err
}
