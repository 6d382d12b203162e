package sqlite

import (
	"encoding/binary"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// Events are packed, one blob for all of an operation: writing them as JSON would
// cost as much as settling. outbox.go unpacks them for the bus.
type eventKind byte

const (
	eventStarted eventKind = iota + 1
	eventCompleted
	eventFailed
	eventSkipped
	eventSkippedRange
	eventJob
)

// eventWriter packs the events of one operation. The zero value is empty.
type eventWriter struct{ b []byte }

func (w *eventWriter) reset() { w.b = w.b[:0] }

func (w *eventWriter) execution(kind eventKind, seq, k, lo, n int64) {
	w.b = append(w.b, byte(kind))
	w.b = binary.AppendVarint(w.b, seq)
	w.b = binary.BigEndian.AppendUint64(w.b, uint64(k))
	w.b = binary.BigEndian.AppendUint64(w.b, uint64(lo))
	w.b = binary.AppendVarint(w.b, n)
}

func (w *eventWriter) started(seq, k, lo, n int64, attempt int) {
	w.execution(eventStarted, seq, k, lo, n)
	w.b = binary.AppendVarint(w.b, int64(attempt))
}

// completed is any terminal end of an execution.
func (w *eventWriter) completed(seq, k, lo, n, status int64, attempt int, took time.Duration) {
	w.execution(eventCompleted, seq, k, lo, n)
	w.b = append(w.b, byte(status))
	w.b = binary.AppendVarint(w.b, int64(attempt))
	w.b = binary.AppendVarint(w.b, took.Microseconds())
}

// failed is a failed attempt.
func (w *eventWriter) failed(seq, k, lo, n int64, attempt int, willRetry bool, message string) {
	w.execution(eventFailed, seq, k, lo, n)
	w.b = binary.AppendVarint(w.b, int64(attempt))
	w.b = append(w.b, boolByte(willRetry))
	w.text(message)
}

func (w *eventWriter) skipped(seq, k, lo, n, at, reason int64) {
	w.execution(eventSkipped, seq, k, lo, n)
	w.b = binary.AppendVarint(w.b, at)
	w.b = append(w.b, byte(reason))
}

func (w *eventWriter) skippedRange(seq int64, r *job.SkipRange) {
	w.b = append(w.b, byte(eventSkippedRange))
	w.b = binary.AppendVarint(w.b, seq)
	w.b = binary.AppendVarint(w.b, r.From.UnixMicro())
	w.b = binary.AppendVarint(w.b, r.To.UnixMicro())
	w.b = binary.AppendVarint(w.b, r.Count)
	w.b = append(w.b, byte(code(reasons, r.Reason)))
}

// job is an event of the job itself; data is a JSON object or empty.
func (w *eventWriter) job(seq int64, name, data string) {
	w.b = append(w.b, byte(eventJob))
	w.b = binary.AppendVarint(w.b, seq)
	w.text(name)
	w.text(data)
}

func (w *eventWriter) text(s string) {
	w.b = binary.AppendUvarint(w.b, uint64(len(s)))
	w.b = append(w.b, s...)
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// flush writes the packed events, if any, as one row of the outbox.
func (w *eventWriter) flush(c *conn, now time.Time) error {
	if len(w.b) == 0 {
		return nil
	}
	_, err := c.exec(`INSERT INTO outbox (at, data) VALUES (?, ?)`, now.UnixMicro(), w.b)
	w.reset()
	return err
}
