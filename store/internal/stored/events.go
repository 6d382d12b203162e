package stored

import (
	"encoding/binary"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// eventKind says what follows in a blob of events.
type eventKind byte

const (
	eventStarted eventKind = iota + 1
	eventCompleted
	eventFailed
	eventSkipped
	eventSkippedRange
	eventJob
)

// Run names the execution that an event is about.
type Run struct {
	Job    int64  // the adapter's number of the job
	ID     job.ID // of the execution
	Number int64  // the N of JOB/N; 0 = not told
}

// Events packs the events of one operation. The zero value is empty.
type Events struct{ b []byte }

// Take returns what was packed, nil when nothing was, and is empty afterwards.
func (w *Events) Take() []byte {
	b := w.b
	w.b = nil
	return b
}

// Add appends the events of another operation, which is empty afterwards.
func (w *Events) Add(other *Events) { w.b = append(w.b, other.Take()...) }

func (w *Events) run(kind eventKind, r Run) {
	w.b = append(w.b, byte(kind))
	w.b = binary.AppendVarint(w.b, r.Job)
	w.b = append(w.b, r.ID[:]...)
	w.b = binary.AppendVarint(w.b, r.Number)
}

// Started notes that an attempt was claimed.
func (w *Events) Started(r Run, attempt int) {
	w.run(eventStarted, r)
	w.b = binary.AppendVarint(w.b, int64(attempt))
}

// Completed notes any terminal end of an execution.
func (w *Events) Completed(r Run, status int64, attempt int, took time.Duration) {
	w.run(eventCompleted, r)
	w.b = append(w.b, byte(status))
	w.b = binary.AppendVarint(w.b, int64(attempt))
	w.b = binary.AppendVarint(w.b, took.Microseconds())
}

// Failed notes a failed attempt.
func (w *Events) Failed(r Run, attempt int, willRetry bool, message string) {
	w.run(eventFailed, r)
	w.b = binary.AppendVarint(w.b, int64(attempt))
	var retry byte
	if willRetry {
		retry = 1
	}
	w.b = append(w.b, retry)
	w.text(message)
}

// Skipped notes a slot or a manual run that does not run.
func (w *Events) Skipped(r Run, at time.Time, reason int64) {
	w.run(eventSkipped, r)
	w.b = binary.AppendVarint(w.b, at.UnixMicro())
	w.b = append(w.b, byte(reason))
}

// SkippedRange notes adjacent slots that do not run.
func (w *Events) SkippedRange(seq int64, r *job.SkipRange) {
	w.b = append(w.b, byte(eventSkippedRange))
	w.b = binary.AppendVarint(w.b, seq)
	w.b = binary.AppendVarint(w.b, r.From.UnixMicro())
	w.b = binary.AppendVarint(w.b, r.To.UnixMicro())
	w.b = binary.AppendVarint(w.b, r.Count)
	w.b = append(w.b, byte(Code(Reasons, r.Reason)))
}

// Job notes an event of the job itself; data is a JSON object or empty.
func (w *Events) Job(seq int64, name, data string) {
	w.b = append(w.b, byte(eventJob))
	w.b = binary.AppendVarint(w.b, seq)
	w.text(name)
	w.text(data)
}

// Alert notes a turn of an alert about a job, or about none, 0; members are those of its
// data, as in a JSON object.
func (w *Events) Alert(seq int64, name, members string) { w.Job(seq, name, members) }

func (w *Events) text(s string) {
	w.b = binary.AppendUvarint(w.b, uint64(len(s)))
	w.b = append(w.b, s...)
}
