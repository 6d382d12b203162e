package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// logTests are about AppendLogs, ListLogs and DropLogs.
func logTests() []test {
	return []test{
		{"a line is read as it was written", testLogRoundTrip},
		{"lines come in order of seq, whatever the time says", testLogOrder},
		{"each condition selects", testLogFilters},
		{"text is searched as it is, ASCII letters without case", testLogContains},
		{"limits and tails", testLogLimits},
		{"a line appended twice is there once", testLogTwice},
		{"lines of several executions are appended at once", testLogMixed},
		{"an execution without lines has none, an unknown one is not found", testLogNone},
		{"dropping leaves a mark", testLogDrop},
	}
}

// line returns one line of an execution.
func (b *bench) line(id job.ID, seq int64, message string) job.LogEntry {
	return job.LogEntry{
		Seq: seq, ExecutionID: id, Attempt: 1, Timestamp: b.now.Add(time.Duration(seq) * time.Second),
		Level: job.LogInfo, Stream: job.StreamStdout, Message: message,
	}
}

func (b *bench) appendLogs(entries ...job.LogEntry) {
	b.Helper()
	if err := b.store.AppendLogs(b.ctx, entries); err != nil {
		b.Fatalf("AppendLogs(%d) = %v, want no error", len(entries), err)
	}
}

func (b *bench) logs(id job.ID, edits ...func(f *store.LogFilter)) []job.LogEntry {
	b.Helper()
	f := store.LogFilter{Platform: b.platform, Ref: id.String()}
	for _, edit := range edits {
		edit(&f)
	}
	got, err := b.store.ListLogs(b.ctx, f)
	if err != nil {
		b.Fatalf("ListLogs(%+v) = %v, want no error", f, err)
	}
	return got
}

func seqs(entries []job.LogEntry) []int64 {
	var out []int64
	for i := range entries {
		out = append(out, entries[i].Seq)
	}
	return out
}

func testLogRoundTrip(_ *testing.T, b *bench) {
	e := b.trigger(b.job("").ID)
	var want []job.LogEntry
	for i, stream := range []job.Stream{job.StreamStdout, job.StreamStderr, job.StreamSystem, job.StreamLog} {
		line := b.line(e.ID, int64(i+1), fmt.Sprintf("line %d: \x1b[31mrot\x1b[0m\t\"ß\" 日本 %%s", i))
		line.Stream, line.Level, line.Attempt = stream, job.LogLevels()[i], i+1
		line.Timestamp = at(float64(i) + 0.123456)
		want = append(want, line)
	}
	want[3].Context = json.RawMessage(`{"user":"u1","n":9007199254740993}`)
	want = append(want, b.line(e.ID, 5, ""), b.line(e.ID, 6, strings.Repeat("x", job.MaxLogLine)))
	b.appendLogs(want...)
	b.wantSame("lines", want, b.logs(e.ID))
	b.wantSame("lines by run number", want, b.logs(e.ID, func(f *store.LogFilter) { f.Ref = e.JobName + "/1" }))
}

func testLogOrder(_ *testing.T, b *bench) {
	e := b.trigger(b.job("").ID)
	for _, seq := range []int64{3, 1, 12, 2, 100, 11} {
		line := b.line(e.ID, seq, "x")
		line.Timestamp = at(float64(1000 - seq))
		b.appendLogs(line)
	}
	b.wantSame("seqs", []int64{1, 2, 3, 11, 12, 100}, seqs(b.logs(e.ID)))
}

func testLogFilters(_ *testing.T, b *bench) {
	e := b.trigger(b.job("").ID)
	for i, level := range []job.LogLevel{job.LogDebug, job.LogInfo, job.LogWarn, job.LogError, job.LogInfo, job.LogError} {
		line := b.line(e.ID, int64(i+1), fmt.Sprintf("message %d", i+1))
		line.Level, line.Attempt = level, 1+i/3
		b.appendLogs(line)
	}
	tests := []struct {
		name string
		edit func(f *store.LogFilter)
		want []int64
	}{
		{"after_seq", func(f *store.LogFilter) { f.AfterSeq = 4 }, []int64{5, 6}},
		{"attempt", func(f *store.LogFilter) { f.Attempt = 1 }, []int64{1, 2, 3}},
		{"debug and above", func(f *store.LogFilter) { f.MinLevel = job.LogDebug }, []int64{1, 2, 3, 4, 5, 6}},
		{"warn and above", func(f *store.LogFilter) { f.MinLevel = job.LogWarn }, []int64{3, 4, 6}},
		{"error", func(f *store.LogFilter) { f.MinLevel = job.LogError }, []int64{4, 6}},
		{"since is inclusive", func(f *store.LogFilter) { f.Since = at(4) }, []int64{4, 5, 6}},
		{"until is exclusive", func(f *store.LogFilter) { f.Until = at(3) }, []int64{1, 2}},
		{"contains", func(f *store.LogFilter) { f.Contains = "age 2" }, []int64{2}},
		{"conditions are joined by and", func(f *store.LogFilter) { f.Attempt, f.MinLevel, f.AfterSeq = 2, job.LogError, 4 }, []int64{6}},
		{"nothing", func(f *store.LogFilter) { f.Attempt = 3 }, nil},
		{"tail of what is selected", func(f *store.LogFilter) { f.Tail, f.MinLevel = 2, job.LogWarn }, []int64{4, 6}},
	}
	for _, tt := range tests {
		b.wantSame(tt.name, tt.want, seqs(b.logs(e.ID, tt.edit)))
	}
}

func testLogContains(_ *testing.T, b *bench) {
	e := b.trigger(b.job("").ID)
	for i, message := range []string{"100% done", "100 done", "a_b", "axb", `back\slash`, "Äpfel", "äpfel", "Connection REFUSED", "[x]"} {
		b.appendLogs(b.line(e.ID, int64(i+1), message))
	}
	for text, want := range map[string][]int64{
		"%": {1}, "a_b": {3}, `\`: {5}, "*": nil, "[x]": {9}, "refused": {8}, "CONNECTION": {8}, "Äpf": {6}, "äpf": {7}, "PFEL": {6, 7},
	} {
		b.wantSame("contains "+text, want, seqs(b.logs(e.ID, func(f *store.LogFilter) { f.Contains = text })))
	}
}

func testLogLimits(_ *testing.T, b *bench) {
	e := b.trigger(b.job("").ID)
	var lines []job.LogEntry
	for seq := range int64(1205) {
		lines = append(lines, b.line(e.ID, seq+1, "x"))
	}
	b.appendLogs(lines...)
	wantEqual(b, "lines by default", len(b.logs(e.ID)), 1000)
	b.wantSame("limit", []int64{1, 2, 3}, seqs(b.logs(e.ID, func(f *store.LogFilter) { f.Limit = 3 })))
	b.wantSame("the next page", []int64{4, 5, 6}, seqs(b.logs(e.ID, func(f *store.LogFilter) { f.Limit, f.AfterSeq = 3, 3 })))
	b.wantSame("tail", []int64{1203, 1204, 1205}, seqs(b.logs(e.ID, func(f *store.LogFilter) { f.Tail = 3 })))
	wantEqual(b, "a tail longer than the log", len(b.logs(e.ID, func(f *store.LogFilter) { f.Tail = 5000 })), 1205)
}

func testLogTwice(_ *testing.T, b *bench) {
	e := b.trigger(b.job("").ID)
	line := b.line(e.ID, 1, "x")
	b.appendLogs(line, b.line(e.ID, 2, "y"))
	b.appendLogs(line)
	b.wantSame("seqs", []int64{1, 2}, seqs(b.logs(e.ID)))
}

func testLogMixed(_ *testing.T, b *bench) {
	first, second := b.trigger(b.job("").ID), b.trigger(b.job("").ID)
	b.appendLogs(b.line(first.ID, 1, "a"), b.line(second.ID, 1, "b"), b.line(first.ID, 2, "c"))
	b.wantSame("lines of the first", []int64{1, 2}, seqs(b.logs(first.ID)))
	b.wantSame("lines of the second", []int64{1}, seqs(b.logs(second.ID)))
}

func testLogNone(_ *testing.T, b *bench) {
	e := b.trigger(b.job("").ID)
	wantEqual(b, "lines", len(b.logs(e.ID)), 0)
	_, err := b.store.ListLogs(b.ctx, store.LogFilter{Platform: b.platform, Ref: b.newID().String()})
	b.wantCode("ListLogs of nothing", err, job.NotFound)
}

func testLogDrop(_ *testing.T, b *bench) {
	e, other := b.trigger(b.job("").ID), b.trigger(b.job("").ID)
	for seq := range int64(6) {
		b.appendLogs(b.line(e.ID, seq+1, "some text"), b.line(other.ID, seq+1, "some text"))
	}
	if err := b.store.DropLogs(b.ctx, e.ID, 4); err != nil {
		b.Fatalf("DropLogs = %v, want no error", err)
	}
	got := b.logs(e.ID)
	b.wantSame("seqs", []int64{4, 5, 6}, seqs(got))
	if got[0].Stream != job.StreamSystem || got[0].Message == "" {
		b.Errorf("first line is %+v, want a mark of the system", got[0])
	}
	wantEqual(b, "lines of the other execution", len(b.logs(other.ID)), 6)
	if err := b.store.DropLogs(b.ctx, b.newID(), 4); err != nil {
		b.Errorf("DropLogs of an execution without lines = %v, want no error", err)
	}
}
