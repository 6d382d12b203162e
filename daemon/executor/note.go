package executor

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// excerpt is how much of an error is in the log, in bytes; the execution has all of it.
const excerpt = 200

// noted is how loud the end of an attempt is, and what is said of it. What went well is
// thousands of lines a second on a busy node, and durable in any case: only those who
// look for something want to read it.
var noted = map[job.Event]struct {
	level slog.Level
	text  string
}{
	job.EventSucceed: {slog.LevelDebug, "execution succeeded"},
	job.EventPark:    {slog.LevelDebug, "execution waits for its steps"},
	job.EventFail:    {slog.LevelWarn, "execution failed"},
	job.EventExpire:  {slog.LevelWarn, "execution timed out"},
	job.EventAbandon: {slog.LevelWarn, "execution was given up"},
	job.EventRetry:   {slog.LevelInfo, "attempt failed, another follows"},
	job.EventCancel:  {slog.LevelInfo, "execution cancelled"},
	job.EventReturn:  {slog.LevelInfo, "execution goes to another node, or to the next life of this one"},
}

// noteStart tells the log that an attempt begins.
func (r *run) noteStart() {
	if ctx := context.Background(); r.e.o.Logger.Enabled(ctx, slog.LevelDebug) {
		r.e.o.Logger.LogAttrs(ctx, slog.LevelDebug, "execution started", r.attrs()...)
	}
}

// noteEnd tells the log how an attempt ended.
func (r *run) noteEnd(s *store.Settlement) {
	n := noted[s.Event]
	ctx := context.Background()
	if n.text == "" || !r.e.o.Logger.Enabled(ctx, n.level) {
		return
	}
	attrs := append(r.attrs(), slog.Int64("duration_ms", s.CompletedAt.Sub(s.StartedAt).Milliseconds()))
	if s.Error != "" {
		text, _, _ := strings.Cut(s.Error, "\n")
		attrs = append(attrs, slog.String("error_class", s.ErrorClass), slog.String("error", strings.ToValidUTF8(clip(text, excerpt), "")))
	}
	if s.DeadReason != "" {
		attrs = append(attrs, slog.String("dead_letter", s.DeadReason))
	}
	if s.Event == job.EventRetry {
		attrs = append(attrs, slog.Time("retry_at", s.RetryAt.Truncate(time.Millisecond)))
	}
	r.e.o.Logger.LogAttrs(ctx, n.level, n.text, attrs...)
}

// attrs name the attempt.
func (r *run) attrs() []slog.Attr {
	j := r.c.Job
	attrs := []slog.Attr{
		slog.String("job_id", j.ID.String()), slog.String("job", j.Name), slog.String("execution_id", r.c.ID.String()),
		slog.Int64("run", r.c.Number), slog.Int("attempt", r.c.Attempt), slog.String("handler", j.Runner()), slog.String("trigger", string(r.c.Trigger)),
	}
	if j.Platform != job.DefaultPlatform {
		attrs = append(attrs, slog.String("platform", j.Platform))
	}
	if r.c.TraceID != "" {
		attrs = append(attrs, slog.String("trace_id", r.c.TraceID))
	}
	return attrs
}
