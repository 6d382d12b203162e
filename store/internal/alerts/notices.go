package alerts

import (
	"encoding/json"
	"time"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// tell writes one notice a channel.
func tell(tx Tx, newID func() job.ID, platform string, state alert.State, about []*alert.Alert, channels []string, now time.Time) (int, error) {
	n := alert.Tell(platform, state, about, now)
	for _, channel := range channels {
		n.ID = newID()
		body, err := json.Marshal(&n)
		if err != nil {
			return 0, err
		}
		if _, err := tx.Exec(`INSERT INTO alert_notices (id, channel, state, due_at, taken_till, attempts, created_at, error, body) VALUES ($1, $2, 'pending', $3, 0, 0, $4, '', $5)`,
			n.ID[:], channel, now.UnixMicro(), now.UnixMicro(), body); err != nil {
			return 0, err
		}
	}
	return len(channels), nil
}

const noticeColumns = `channel, attempts, state, error, ended_at, body`

func scanNotice(r *stored.Row) (n store.TakenNotice, err error) {
	n = store.TakenNotice{Channel: r.Text(), Attempts: int(r.Int()), Status: r.Text(), Error: r.Text(), EndedAt: r.TimePtr()}
	return n, json.Unmarshal(r.Blob(), &n.Notice)
}

// Take gives notices to the caller. lock makes others pass over the rows that it reads.
func Take(tx Tx, p *store.TakeNotices, lock string) (list []store.TakenNotice, err error) {
	for _, channel := range p.Channels {
		if err := tx.Query(`SELECT `+noticeColumns+` FROM alert_notices WHERE due_at <= $1 AND due_at IS NOT NULL AND taken_till <= $1 AND channel = $2 ORDER BY due_at, id LIMIT $3`+lock,
			[]any{p.Now.UnixMicro(), channel, p.Limit - len(list)}, func(r *stored.Row) error {
				n, err := scanNotice(r)
				n.Attempts++
				list = append(list, n)
				return err
			}); err != nil {
			return nil, err
		}
	}
	for i := range list {
		if _, err := tx.Exec(`UPDATE alert_notices SET taken_till = $1, attempts = $2 WHERE id = $3`, p.Now.Add(p.Lease).UnixMicro(), list[i].Attempts, list[i].ID[:]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Due reports whether there may be something to take.
func Due(rows Rows, now time.Time) (due bool, err error) {
	err = rows(`SELECT 1 FROM alert_notices WHERE due_at <= $1 AND due_at IS NOT NULL AND taken_till <= $1 LIMIT 1`, []any{now.UnixMicro()}, func(*stored.Row) error {
		due = true
		return nil
	})
	return due, err
}

// End notes what became of a notice.
func End(tx Tx, p *store.EndNotice) (bool, error) {
	state, due, ended := store.NoticeSent, p.RetryAt, p.Now
	switch {
	case p.Error != "" && !p.RetryAt.IsZero():
		state, ended = store.NoticePending, time.Time{}
	case p.Error != "":
		state = store.NoticeFailed
	default:
		due = time.Time{}
	}
	n, err := tx.Exec(`UPDATE alert_notices SET state = $1, due_at = $2, taken_till = 0, ended_at = $3, error = $4 WHERE id = $5 AND attempts = $6 AND due_at IS NOT NULL`,
		state, stored.Micros(due), stored.Micros(ended), p.Error, p.ID[:], p.Attempts)
	return n > 0, err
}

// Notices returns the newest ones.
func Notices(rows Rows, limit int) (list []store.TakenNotice, err error) {
	err = rows(`SELECT `+noticeColumns+` FROM alert_notices ORDER BY id DESC LIMIT $1`, []any{limit}, func(r *stored.Row) error {
		n, err := scanNotice(r)
		list = append(list, n)
		return err
	})
	return list, err
}

// Forget removes alerts and notices that were over for so long, and the miss of jobs that
// are gone.
func Forget(tx Tx, now time.Time, keep time.Duration, limit int) (more bool, err error) {
	before := now.Add(-keep).UnixMicro()
	for _, statement := range []string{
		`DELETE FROM alerts WHERE seq IN (SELECT seq FROM alerts WHERE resolved_at < $1 AND (until IS NULL OR until < $1) ORDER BY seq LIMIT $2)`,
		`DELETE FROM alert_notices WHERE id IN (SELECT id FROM alert_notices WHERE due_at IS NULL AND ended_at < $1 ORDER BY id LIMIT $2)`,
	} {
		n, err := tx.Exec(statement, before, limit)
		if err != nil {
			return false, err
		}
		more = more || n == int64(limit)
	}
	return more, nil
}
