package postgres

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// queueStops reads what stands.
func queueStops(t *tx, now time.Time, s *stored.Stops) {
	t.queueQuery(stored.SelectStops, nil, func(r *row) error {
		s.Add(r, now)
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
		store.TrailOf(ctx).Note(stored.NoteHold(h.Kind, h.Platform, &h))
		endExpired(t, h.Since)
		t.queue(`INSERT INTO holds (kind, platform, since, until, held_by, reason) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (kind, platform) WHERE ended_at IS NULL DO UPDATE SET until = excluded.until, held_by = excluded.held_by, reason = excluded.reason`,
			stored.Code(stored.HoldKinds, h.Kind), h.Platform, h.Since.UnixMicro(), stored.MicrosPtr(h.Until), h.By, h.Reason)
		return nil
	})
}

// ReleaseHold ends a hold.
func (s *Store) ReleaseHold(ctx context.Context, kind store.HoldKind, platform string, now time.Time) (released bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		endExpired(t, now)
		n, err := t.exec(`UPDATE holds SET ended_at = $1 WHERE kind = $2 AND platform = $3 AND ended_at IS NULL`, now.UnixMicro(), stored.Code(stored.HoldKinds, kind), platform)
		if released = n > 0; released {
			store.TrailOf(ctx).Note(stored.NoteHold(kind, platform, nil))
		}
		return err
	})
	return released, err
}
