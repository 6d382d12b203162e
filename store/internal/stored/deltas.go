package stored

import (
	"encoding/binary"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// Deltas packs what a batch of settlements, or of slots that do not run, adds to the
// counters. One row of it costs what one counter row would. The zero value is empty.
type Deltas struct {
	b     []byte
	base  int64            // microseconds, of the first end
	texts map[string]int64 // what failures say, by their number
}

// The first byte of a row says how it is packed: this one is odd. Rows from before begin
// with the number of a job, whose first byte is even.
const packedEnds = 1

// Bits of the byte that says how an execution ended, beside the status.
const (
	statusBits = 0x0f
	endStarted = 0x10 // it began to run
	endTold    = 0x20 // with what the failure says
)

// End is how an execution ended.
type End struct {
	Job, Status    int64
	Started, Ended time.Time // a zero start is one that never was
	Class, Message string    // of a failure
}

// Add counts one execution.
func (d *Deltas) Add(e *End) {
	flags := byte(e.Status)
	took := int64(0)
	if !e.Started.IsZero() {
		flags |= endStarted
		took = e.Ended.UnixMicro() - e.Started.UnixMicro()
	}
	if e.Status == Failed || e.Status == Timeout {
		flags |= endTold
	}
	d.begin(e.Job, flags, e.Ended)
	d.b = binary.AppendVarint(d.b, took)
	if flags&endTold != 0 {
		d.tell(e.Class, job.Pattern(e.Message))
	}
}

// AddSkips counts n slots that do not run.
func (d *Deltas) AddSkips(seq, n, reason int64, at time.Time) {
	d.begin(seq, Skipped, at)
	d.b = binary.AppendVarint(d.b, n)
	d.b = append(d.b, byte(reason))
}

// AddLate notes that a due time went by with nobody there, and that its run comes late: it
// is skipped by nobody, and counts nothing.
func (d *Deltas) AddLate(seq int64, at time.Time) {
	d.AddSkips(seq, 0, Code(Reasons, job.SkipMissed), at)
}

// late reports what AddLate noted.
func (d *Delta) late() bool { return d.Status == Skipped && d.N == 0 }

func (d *Deltas) begin(seq int64, flags byte, at time.Time) {
	if len(d.b) == 0 {
		d.base = at.UnixMicro()
		d.b = binary.AppendVarint(append(d.b, packedEnds), d.base)
	}
	d.b = append(d.b, flags)
	d.b = binary.AppendVarint(d.b, seq)
	d.b = binary.AppendVarint(d.b, at.UnixMicro()-d.base)
}

// tell says what a failure says, once for all of them that say the same.
func (d *Deltas) tell(class, pattern string) {
	key := class + "\x00" + pattern
	if n, known := d.texts[key]; known {
		d.b = binary.AppendVarint(d.b, n)
		return
	}
	if d.texts == nil {
		d.texts = map[string]int64{}
	}
	n := int64(len(d.texts))
	d.texts[key] = n
	d.b = binary.AppendVarint(d.b, n)
	for _, s := range []string{class, pattern} {
		d.b = binary.AppendUvarint(d.b, uint64(len(s)))
		d.b = append(d.b, s...)
	}
}

// Take returns what was packed, nil when nothing was, and is empty afterwards.
func (d *Deltas) Take() []byte {
	b := d.b
	*d = Deltas{}
	return b
}

// Delta is one thing that Deltas packed.
type Delta struct {
	Job, Status int64
	TookUS      int64
	StartedUS   int64  // 0 = never
	EndedUS     int64  // 0 = not known
	N           int64  // slots, when it is a skip
	Reason      int64  // of a skip
	Class       string // of a failure
	Pattern     string
}

// EachDelta calls fn for everything in a row. What is cut off is left out.
func EachDelta(b []byte, fn func(d *Delta)) {
	if len(b) == 0 {
		return
	}
	if b[0]&1 == 0 {
		eachOld(b, fn)
		return
	}
	r := Reader{b: b[1:]}
	base := r.int()
	var texts [][2]string
	for len(r.b) > 0 {
		flags := r.byte()
		d := Delta{Status: int64(flags & statusBits), Job: r.int(), EndedUS: base + r.int()}
		if d.Status == Skipped {
			d.N, d.Reason = r.int(), int64(r.byte())
			fn(&d)
			continue
		}
		d.TookUS = r.int()
		if flags&endStarted != 0 {
			d.StartedUS = d.EndedUS - d.TookUS
		}
		if flags&endTold != 0 {
			n := r.int()
			if n == int64(len(texts)) {
				texts = append(texts, [2]string{r.text(), r.text()})
			}
			if n >= 0 && n < int64(len(texts)) {
				d.Class, d.Pattern = texts[n][0], texts[n][1]
			}
		}
		fn(&d)
	}
}

// eachOld reads the form of schemas before there were sums by time: job, status,
// duration and start.
func eachOld(b []byte, fn func(d *Delta)) {
	r := Reader{b: b}
	for len(r.b) > 0 {
		d := Delta{Job: r.int()}
		if len(r.b) == 0 {
			return
		}
		d.Status, d.TookUS, d.StartedUS = int64(r.byte()), r.int(), r.int()
		if d.StartedUS != 0 {
			d.EndedUS = d.StartedUS + d.TookUS
		}
		fn(&d)
	}
}

// Figures are a job's counters.
type Figures struct {
	Success, Failed, Timeout, Cancelled int64
	DurationUS                          int64 // of successes
	LastStatus                          int64
	LastRun                             int64 // microseconds; 0 = never
}

func (f *Figures) add(d *Delta) {
	switch d.Status {
	case Success:
		f.Success++
		f.DurationUS += d.TookUS
	case Failed:
		f.Failed++
	case Timeout:
		f.Timeout++
	case Cancelled:
		f.Cancelled++
	default:
		return // a skip is in the cursor
	}
	f.LastStatus = d.Status
	f.LastRun = max(f.LastRun, d.StartedUS)
}

// Sum adds packed deltas to the figures of the jobs that sums has.
func Sum(b []byte, sums map[int64]*Figures) {
	EachDelta(b, func(d *Delta) {
		if f := sums[d.Job]; f != nil {
			f.add(d)
		}
	})
}

func varint(b []byte) (int64, []byte) {
	v, n := binary.Varint(b)
	if n <= 0 {
		return 0, nil
	}
	return v, b[n:]
}
