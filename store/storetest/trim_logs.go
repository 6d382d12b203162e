package storetest

import (
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// trimLogTests are about the caps of stored lines.
func trimLogTests() []test {
	return []test{
		{"the cap of a job removes its oldest", testTrimJob},
		{"the cap of all removes the oldest of all", testTrimTotal},
		{"no cap removes nothing", testTrimNoCap},
		{"trimmed logs leave a mark", testTrimMark},
	}
}

// logged makes n executions of a job with a thousand bytes of lines each.
func (b *bench) logged(j job.Job, n int) []job.ID {
	b.Helper()
	var all []job.ID
	for range n {
		e := b.trigger(j.ID)
		for seq := range int64(10) {
			b.appendLogs(b.line(e.ID, seq+1, strings.Repeat("x", 100)))
		}
		all = append(all, e.ID)
	}
	return all
}

func (b *bench) trim(caps store.LogCaps) int64 {
	b.Helper()
	freed, err := b.store.TrimLogs(b.ctx, caps)
	if err != nil {
		b.Fatalf("TrimLogs(%+v) = %v, want no error", caps, err)
	}
	return freed
}

// bytes returns how many bytes of lines, marks aside, an execution has.
func (b *bench) bytes(id job.ID) (n int) {
	b.Helper()
	for _, line := range b.logs(id) {
		if line.Stream != job.StreamSystem {
			n += len(line.Message)
		}
	}
	return n
}

func (b *bench) wantLogBytes(want int64) {
	b.Helper()
	if got, err := b.store.LogBytes(b.ctx); err != nil || got != want {
		b.Errorf("LogBytes() = %d, %v; want %d, no error", got, err, want)
	}
}

func testTrimJob(_ *testing.T, b *bench) {
	noisy, quiet := b.job("", overlapping(job.OverlapAllow, 99)), b.job("", overlapping(job.OverlapAllow, 99))
	old := b.logged(quiet, 1)
	all := b.logged(noisy, 5)
	b.wantLogBytes(6000)
	wantEqual(b, "freed", b.trim(store.LogCaps{Job: 2500}), 3000)
	for i, want := range []int{0, 0, 0, 1000, 1000} {
		wantEqual(b, "bytes of an execution", b.bytes(all[i]), want)
	}
	wantEqual(b, "bytes of the other job", b.bytes(old[0]), 1000)
	b.wantLogBytes(3000)
	wantEqual(b, "freed again", b.trim(store.LogCaps{Job: 2500}), 0)
}

func testTrimTotal(_ *testing.T, b *bench) {
	first, second := b.job("", overlapping(job.OverlapAllow, 99)), b.job("", overlapping(job.OverlapAllow, 99))
	old := b.logged(first, 2)
	young := b.logged(second, 3)
	b.trim(store.LogCaps{Job: 1 << 30, Total: 3500})
	wantEqual(b, "bytes of the oldest", b.bytes(old[0])+b.bytes(old[1]), 0)
	for _, id := range young {
		wantEqual(b, "bytes of the youngest", b.bytes(id), 1000)
	}
	b.wantLogBytes(3000)
}

func testTrimNoCap(_ *testing.T, b *bench) {
	all := b.logged(b.job("", overlapping(job.OverlapAllow, 99)), 2)
	wantEqual(b, "freed", b.trim(store.LogCaps{}), 0)
	wantEqual(b, "freed", b.trim(store.LogCaps{Job: 2000, Total: 2000}), 0)
	wantEqual(b, "bytes", b.bytes(all[0])+b.bytes(all[1]), 2000)
}

func testTrimMark(_ *testing.T, b *bench) {
	all := b.logged(b.job("", overlapping(job.OverlapAllow, 99)), 2)
	b.trim(store.LogCaps{Total: 1000})
	got := b.logs(all[0])
	if len(got) == 0 || got[0].Stream != job.StreamSystem || got[0].Message == "" {
		b.Errorf("lines of the trimmed execution are %+v, want a mark of the system", got)
	}
	if last := got[len(got)-1].Seq; last < 10 {
		b.Errorf("the mark has seq %d, want one that a follower behind seq 9 sees", last)
	}
}
