package executor

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

const (
	// flushEvery is how often lines are written, and so how far a follower lags.
	flushEvery = 100 * time.Millisecond
	// maxPending bounds what one attempt may print between two writes, in bytes; the
	// oldest lines go first.
	maxPending = 256 << 10
	// chunk is how finely the cap of an attempt's log is kept, in bytes.
	chunk = 64 << 10
)

// taskLog is the log of one attempt: lines wait in memory until the flusher takes
// them, so a handler that prints never waits for the store.
type taskLog struct {
	e       *Executor
	id      job.ID
	attempt int

	mu      sync.Mutex
	known   bool // among the executor's open logs
	done    bool
	pending []job.LogEntry
	bytes   int   // in pending
	dropped int64 // lines dropped from pending

	// The rest belongs to whoever holds flushing.
	flushing sync.Mutex
	seq      int64
	based    bool // seq starts after the lines of earlier attempts
	spared   bool // the newest line is the mark of output that is not kept
	chunks   []mark
	stored   int // bytes in chunks
}

// mark is the end of a chunk of stored lines.
type mark struct {
	seq   int64
	bytes int
}

// Line takes one line.
func (l *taskLog) Line(level job.LogLevel, stream job.Stream, text string) {
	text = l.e.o.Secrets.Hide(text)
	if len(text) > job.MaxLogLine {
		text = text[:job.MaxLogLine]
	}
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\uFFFD"), "\uFFFD")
	at := l.e.o.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending = append(l.pending, job.LogEntry{ExecutionID: l.id, Attempt: l.attempt, Timestamp: at, Level: level, Stream: stream, Message: text})
	l.bytes += len(text)
	for l.bytes > maxPending {
		l.bytes -= len(l.pending[0].Message)
		l.pending = l.pending[1:]
		l.dropped++
	}
	if !l.known {
		l.known = true
		l.e.logs.add(l)
	}
}

// end writes what is left: whoever sees the execution over sees all of its lines.
func (l *taskLog) end() {
	l.mu.Lock()
	printed := l.known
	l.done = true
	l.mu.Unlock()
	if printed {
		ctx, cancel := context.WithTimeout(context.Background(), flushTime)
		defer cancel()
		l.flush(ctx)
	}
}

// take returns what waits.
func (l *taskLog) take() (lines []job.LogEntry, dropped int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines, dropped = l.pending, l.dropped
	l.pending, l.bytes, l.dropped = nil, 0, 0
	return lines, dropped
}

func (l *taskLog) over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.done
}

// flush stores what waits.
func (l *taskLog) flush(ctx context.Context) {
	l.flushing.Lock()
	defer l.flushing.Unlock()
	lines, dropped := l.take()
	if len(lines) == 0 {
		return
	}
	lines = l.number(ctx, lines, dropped)
	if len(lines) == 0 {
		return
	}
	if err := l.e.o.Store.AppendLogs(ctx, lines); err != nil {
		l.e.o.Logger.ErrorContext(ctx, "log lines were lost: they cannot be stored", slog.String("execution_id", l.id.String()),
			slog.Int("lines", len(lines)), slog.Any("err", err))
		return
	}
	l.trim(ctx)
}

// openLogs are the attempts that have printed and are not over.
type openLogs struct {
	mu   sync.Mutex
	list []*taskLog
	some chan struct{} // capacity 1: there may be some
}

func (o *openLogs) add(l *taskLog) {
	o.mu.Lock()
	o.list = append(o.list, l)
	o.mu.Unlock()
	select {
	case o.some <- struct{}{}:
	default:
	}
}

func (o *openLogs) swap(list []*taskLog) []*taskLog {
	o.mu.Lock()
	defer o.mu.Unlock()
	had := o.list
	o.list = list
	return had
}

// logLoop writes lines until ctx ends, and what is left then. It sleeps while nobody
// prints.
func (e *Executor) logLoop(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
			e.flushLogs(flush)
			cancel()
			return
		case <-e.logs.some:
			e.wait(ctx, flushEvery)
			e.flushLogs(ctx)
		}
	}
}

// flushLogs writes what the open logs have.
func (e *Executor) flushLogs(ctx context.Context) {
	for _, l := range e.logs.swap(nil) {
		l.flush(ctx)
		if !l.over() {
			e.logs.add(l)
		}
	}
}

// number gives lines their sequence numbers; dropped lines leave a gap and a mark. Where
// there is no room for output it is all dropped, until there is.
func (l *taskLog) number(ctx context.Context, lines []job.LogEntry, dropped int64) []job.LogEntry {
	if !l.based {
		l.based = true
		if l.attempt > 1 {
			last, err := l.e.o.Store.ListLogs(ctx, store.LogFilter{Platform: store.AnyPlatform, Ref: l.id.String(), Tail: 1})
			if err == nil && len(last) == 1 {
				l.seq = last[0].Seq
			}
		}
	}
	note := lines[0]
	note.Level, note.Stream = job.LogWarn, job.StreamSystem
	marked := l.spared
	if l.spared = l.e.o.KeepsOutput != nil && !l.e.o.KeepsOutput(); l.spared {
		l.seq += dropped + int64(len(lines))
		if marked {
			return nil
		}
		note.Message = "[output dropped: the disk of the store is nearly full]"
		lines = []job.LogEntry{note}
	} else if dropped > 0 {
		l.seq += dropped
		note.Message = "[output dropped: it came faster than it can be stored]"
		lines = append([]job.LogEntry{note}, lines...)
	}
	for i := range lines {
		l.seq++
		lines[i].Seq = l.seq
		l.count(len(lines[i].Message))
	}
	return lines
}

// count adds stored bytes to the last chunk.
func (l *taskLog) count(n int) {
	if len(l.chunks) == 0 || l.chunks[len(l.chunks)-1].bytes >= chunk {
		l.chunks = append(l.chunks, mark{})
	}
	last := &l.chunks[len(l.chunks)-1]
	last.seq, last.bytes = l.seq, last.bytes+n
	l.stored += n
}

// trim drops the oldest chunks beyond the cap of an attempt.
func (l *taskLog) trim(ctx context.Context) {
	var upto int64
	for l.stored > job.MaxAttemptLog && len(l.chunks) > 1 {
		upto = l.chunks[0].seq
		l.stored -= l.chunks[0].bytes
		l.chunks = l.chunks[1:]
	}
	if upto == 0 {
		return
	}
	if err := l.e.o.Store.DropLogs(ctx, l.id, upto); err != nil {
		l.e.o.Logger.WarnContext(ctx, "a log could not be cut to its limit", slog.String("execution_id", l.id.String()), slog.Any("err", err))
	}
}
