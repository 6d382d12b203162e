package control

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// CleanupOptions are what the configuration says about old history.
type CleanupOptions struct {
	Retention func() store.Retention // nil = everything is kept
	LogCaps   store.LogCaps
}

const (
	// cleanupBatch is how many rows one transaction removes, and cleanupBatches how many of
	// them one call has: what is due must not wait, and neither must the caller.
	cleanupBatch   = 500
	cleanupBatches = 40

	minCleanup = time.Second
	maxCleanup = 36500 * 24 * time.Hour
)

// Cleanup removes history that is too old, a bounded part of it, or counts all of it.
func (s *Service) Cleanup(ctx context.Context, c Call, in *api.Cleanup) (api.Cleaned, error) {
	rule, kinds, err := s.cleanupRule(c, in)
	if err != nil {
		return api.Cleaned{}, err
	}
	if c.Reason, err = reasonOf(c, in.Reason); err != nil {
		return api.Cleaned{}, err
	}
	done, err := s.Clean(ctx, c, rule, kinds, in.DryRun)
	if in.DryRun || done == (api.Cleaned{More: done.More}) {
		return done, err
	}
	scope, _ := c.scope()
	note := store.Note{Kind: "history", ID: scope, Name: scope, After: map[string]any{
		"executions": done.Executions, "dead_letters": done.DeadLetters, "events": done.Events, "jobs": done.Jobs, "log_bytes": done.LogBytes,
	}}
	if scope != AnyPlatform {
		note.Platform = scope
	}
	// It takes many transactions, so what was removed is recorded behind them, even when
	// the caller has gone.
	return done, errors.Join(err, s.store.Record(c.trail(context.WithoutCancel(ctx), "history.removed"), note))
}

// cleanupRule reads a request.
func (s *Service) cleanupRule(c Call, in *api.Cleanup) (rule store.Retention, kinds []string, err error) {
	var p job.Problems
	if rule = s.Retention(); in.OlderThan != "" {
		d, err := time.ParseDuration(in.OlderThan)
		if err != nil || d < minCleanup || d > maxCleanup {
			p.Add("older_than", "syntax", `%.40q is not a duration such as "720h", from 1s to 876000h`, in.OlderThan)
		}
		rule.Success, rule.Failed, rule.OneTime, rule.Events = d, d, d, d
	}
	for _, kind := range in.Only {
		job.OneOf(&p, "only", kind, api.CleanupKinds())
	}
	if err := p.Err(); err != nil {
		return rule, nil, err
	}
	switch confined := c.Principal.reach() != AnyPlatform; {
	case len(in.Only) > 0 && slices.Contains(in.Only, api.CleanupLogs):
		return rule, in.Only, c.everywhere("the total size of logs")
	case len(in.Only) > 0:
		return rule, in.Only, nil
	case confined || c.Platform != "" && c.Platform != AnyPlatform:
		return rule, []string{api.CleanupExecutions, api.CleanupEvents, api.CleanupJobs}, nil
	}
	return rule, api.CleanupKinds(), nil
}

// Retention returns what the configuration says about old history.
func (s *Service) Retention() store.Retention {
	if s.o.Cleanup.Retention == nil {
		return store.Retention{}
	}
	return s.o.Cleanup.Retention()
}

// Clean removes what is older than a rule allows, of some kinds.
func (s *Service) Clean(ctx context.Context, c Call, rule store.Retention, kinds []string, dry bool) (api.Cleaned, error) {
	done := api.Cleaned{DryRun: dry}
	scope, err := c.scope()
	if err != nil {
		return done, err
	}
	narrow(&rule, kinds)
	logs := slices.Contains(kinds, api.CleanupLogs)
	if dry {
		counted, err := s.store.CountOld(ctx, scope, rule, c.Now)
		done.Add(cleaned(counted))
		if err == nil && logs {
			done.LogBytes, err = s.logsOver(ctx)
		}
		return done, err
	}
	defer func() {
		if done != (api.Cleaned{}) {
			s.did(ctx, c, "old history removed", slog.String("platform", scope), slog.Int64("executions", done.Executions),
				slog.Int64("events", done.Events), slog.Int64("jobs", done.Jobs), slog.Int64("log_bytes", done.LogBytes))
		}
	}()
	if done.More, err = s.retainSome(ctx, c, scope, rule, &done); err != nil || done.More || !logs {
		return done, err
	}
	done.LogBytes, err = s.store.TrimLogs(ctx, s.o.Cleanup.LogCaps)
	return done, err
}

// narrow takes from a rule what is not of these kinds. The audit log never goes because
// somebody asks.
func narrow(rule *store.Retention, kinds []string) {
	rule.Audit = 0
	if !slices.Contains(kinds, api.CleanupExecutions) {
		rule.Success, rule.Failed = 0, 0
	}
	if !slices.Contains(kinds, api.CleanupEvents) {
		rule.Events = 0
	}
	if !slices.Contains(kinds, api.CleanupJobs) {
		rule.OneTime = 0
	}
}

// retainSome removes batches, and says whether there is more.
func (s *Service) retainSome(ctx context.Context, c Call, scope string, rule store.Retention, done *api.Cleaned) (more bool, err error) {
	more = rule.Success > 0 || rule.Failed > 0 || rule.OneTime > 0 || rule.Events > 0
	for range cleanupBatches {
		if !more || ctx.Err() != nil {
			break
		}
		var removed store.Retained
		if removed, more, err = s.store.Retain(ctx, scope, rule, c.Now, cleanupBatch); err != nil {
			return false, err
		}
		done.Add(cleaned(removed))
	}
	return more, ctx.Err()
}

// cleaned is what was removed, as the API says it.
func cleaned(r store.Retained) api.Cleaned {
	return api.Cleaned{Executions: r.Executions, DeadLetters: r.DeadLetters, Events: r.Events, Jobs: r.Jobs}
}

// logsOver is how many bytes of logs are beyond the cap of the total.
func (s *Service) logsOver(ctx context.Context) (int64, error) {
	bytes, err := s.store.LogBytes(ctx)
	if limit := s.o.Cleanup.LogCaps.Total; err != nil || limit == 0 || bytes <= limit {
		return 0, err
	}
	return bytes - s.o.Cleanup.LogCaps.Total, nil
}
