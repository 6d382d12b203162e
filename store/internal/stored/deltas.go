package stored

import (
	"encoding/binary"
	"time"
)

// Deltas packs what a batch of settlements adds to the counters: job, status,
// duration and start of each. One row of it costs what one counter row would. The
// zero value is empty.
type Deltas struct{ b []byte }

// Add counts one settled execution of the job; a zero start is one that never was.
func (d *Deltas) Add(seq, status int64, took time.Duration, started time.Time) {
	d.b = binary.AppendVarint(d.b, seq)
	d.b = append(d.b, byte(status))
	d.b = binary.AppendVarint(d.b, took.Microseconds())
	var at int64
	if !started.IsZero() {
		at = started.UnixMicro()
	}
	d.b = binary.AppendVarint(d.b, at)
}

// Take returns what was packed, nil when nothing was, and is empty afterwards.
func (d *Deltas) Take() []byte {
	b := d.b
	d.b = nil
	return b
}

// Figures are a job's counters.
type Figures struct {
	Success, Failed, Timeout, Cancelled int64
	DurationUS                          int64 // of successes
	LastStatus                          int64
	LastRun                             int64 // microseconds; 0 = never
}

func (f *Figures) add(status, tookUS, startedUS int64) {
	switch status {
	case Success:
		f.Success++
		f.DurationUS += tookUS
	case Failed:
		f.Failed++
	case Timeout:
		f.Timeout++
	case Cancelled:
		f.Cancelled++
	}
	f.LastStatus = status
	f.LastRun = max(f.LastRun, startedUS)
}

// Sum adds packed deltas to the figures of the jobs that sums has; with all set, of
// every job.
func Sum(b []byte, sums map[int64]*Figures, all bool) {
	for len(b) > 0 {
		var seq, status, took, started int64
		seq, b = varint(b)
		if len(b) == 0 {
			return
		}
		status, b = int64(b[0]), b[1:]
		took, b = varint(b)
		started, b = varint(b)
		f := sums[seq]
		if f == nil {
			if !all {
				continue
			}
			f = &Figures{}
			sums[seq] = f
		}
		f.add(status, took, started)
	}
}

func varint(b []byte) (int64, []byte) {
	v, n := binary.Varint(b)
	if n <= 0 {
		return 0, nil
	}
	return v, b[n:]
}
