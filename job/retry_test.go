package job_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/agentic-sdlc/scheduler/job"
)

// TestRetryDelay is the table of backoffs, without and with all of the jitter.
func TestRetryDelay(t *testing.T) {
	t.Parallel()
	const s = int64(1000)
	tests := []struct {
		name        string
		backoff     job.Backoff
		base, limit int64 // milliseconds
		want        []time.Duration
	}{
		{"fixed", job.BackoffFixed, 5 * s, 60 * s, []time.Duration{5, 5, 5, 5}},
		{"linear", job.BackoffLinear, 5 * s, 60 * s, []time.Duration{5, 10, 15, 20}},
		{"linear reaches its cap", job.BackoffLinear, 5 * s, 12 * s, []time.Duration{5, 10, 12, 12}},
		{"exponential", job.BackoffExponential, 5 * s, 60 * s, []time.Duration{5, 10, 20, 40, 60, 60}},
		{"exponential with the defaults", job.BackoffExponential, 60 * s, 3600 * s, []time.Duration{60, 120, 240, 480, 960, 1920, 3600, 3600}},
		{"cap equal to the delay", job.BackoffExponential, 5 * s, 5 * s, []time.Duration{5, 5, 5}},
		{"no delay", job.BackoffExponential, 0, 3600 * s, []time.Duration{0, 0, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			def := job.Spec{RetryBackoff: tt.backoff, RetryDelayMS: tt.base, RetryMaxDelayMS: tt.limit}
			for i, seconds := range tt.want {
				want := seconds * time.Second
				if got := job.RetryDelay(&def, i+1, 0); got != want {
					t.Errorf("retry %d waits %v, want %v", i+1, got, want)
				}
				if got, top := job.RetryDelay(&def, i+1, math.Nextafter(1, 0)), want+want/10; got < want || got > top {
					t.Errorf("retry %d waits %v with all of the jitter, want up to %v", i+1, got, top)
				}
			}
		})
	}
}

// genRetrySpec draws any spec that Validate accepts, as far as retries go.
var genRetrySpec = rapid.Custom(func(t *rapid.T) job.Spec {
	base := rapid.Int64Range(0, job.MaxRetryDelayMS).Draw(t, "delay")
	return job.Spec{
		RetryBackoff: rapid.SampledFrom(job.Backoffs()).Draw(t, "backoff"), RetryDelayMS: base,
		RetryMaxDelayMS: rapid.Int64Range(base, job.MaxRetryDelayMS).Draw(t, "cap"), MaxRetries: rapid.IntRange(0, job.MaxRetriesLimit).Draw(t, "retries"),
		OnLost: rapid.SampledFrom(job.OnLosts()).Draw(t, "on_lost"),
	}
})

// TestRetryDelayBounds: never less than the backoff, never more than a tenth above
// the cap, never shorter than the retry before, and rising with the random number.
func TestRetryDelayBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		def := genRetrySpec.Draw(t, "spec")
		retry := rapid.IntRange(1, job.MaxRetriesLimit).Draw(t, "retry")
		random := rapid.Float64Range(0, math.Nextafter(1, 0)).Draw(t, "random")
		got := job.RetryDelay(&def, retry, random)
		limit := time.Duration(def.RetryMaxDelayMS) * time.Millisecond
		if low := backoff(&def, retry); got < low || got > low+low/10+time.Microsecond {
			t.Fatalf("retry %d waits %v, want %v and up to a tenth more", retry, got, low)
		}
		if got > limit+limit/10 {
			t.Fatalf("retry %d waits %v, more than a tenth above the cap %v", retry, got, limit)
		}
		if before := job.RetryDelay(&def, max(1, retry-1), random); before > got {
			t.Fatalf("retry %d waits %v, the one before waited %v", retry, got, before)
		}
	})
}

// backoff is the delay without jitter, in whole numbers.
func backoff(def *job.Spec, retry int) time.Duration {
	ms := def.RetryDelayMS
	for i := 1; i < retry && ms < def.RetryMaxDelayMS && ms > 0; i++ {
		switch def.RetryBackoff {
		case job.BackoffLinear:
			ms += def.RetryDelayMS
		case job.BackoffExponential:
			ms *= 2
		}
	}
	return time.Duration(min(ms, def.RetryMaxDelayMS)) * time.Millisecond
}

// TestRetryDelayOfBrokenSpec: a definition that somebody wrote into the store by hand
// may have a cap below its delay; its retries still wait, and not for ever.
func TestRetryDelayOfBrokenSpec(t *testing.T) {
	t.Parallel()
	for _, b := range job.Backoffs() {
		def := job.Spec{RetryBackoff: b, RetryDelayMS: 60_000, RetryMaxDelayMS: 1000}
		for _, retry := range []int{1, 2, 30, 63, 100} {
			if got := job.RetryDelay(&def, retry, 0.5); got <= 0 || got > 10*365*24*time.Hour {
				t.Errorf("%s: retry %d waits %v", b, retry, got)
			}
		}
	}
}

// TestDecide is what becomes of an execution after an attempt.
func TestDecide(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	in := func(d time.Duration) time.Time { return now.Add(d) }
	def := job.Spec{MaxRetries: 2, RetryDelayMS: 60_000, RetryMaxDelayMS: 3_600_000, RetryBackoff: job.BackoffExponential}
	tests := []struct {
		name    string
		retries int
		outcome job.Outcome
		want    job.Decision
	}{
		{"success", 0, job.Outcome{Status: job.Success}, job.Decision{Event: job.EventSucceed}},
		{"success of the last attempt", 2, job.Outcome{Status: job.Success}, job.Decision{Event: job.EventSucceed}},
		{"cancelled", 0, job.Outcome{Status: job.Cancelled}, job.Decision{Event: job.EventCancel}},
		{"cancelled, with retries left and none", 2, job.Outcome{Status: job.Cancelled}, job.Decision{Event: job.EventCancel}},
		{"first failure", 0, job.Outcome{Status: job.Failed}, job.Decision{Event: job.EventRetry, RetryAt: in(time.Minute)}},
		{"second failure", 1, job.Outcome{Status: job.Failed}, job.Decision{Event: job.EventRetry, RetryAt: in(2 * time.Minute)}},
		{"third failure", 2, job.Outcome{Status: job.Failed}, job.Decision{Event: job.EventFail, DeadReason: "retries_exhausted"}},
		{"more failures than there can be", 3, job.Outcome{Status: job.Failed}, job.Decision{Event: job.EventFail, DeadReason: "retries_exhausted"}},
		{"time-out", 0, job.Outcome{Status: job.TimedOut}, job.Decision{Event: job.EventRetry, RetryAt: in(time.Minute)}},
		{"last time-out", 2, job.Outcome{Status: job.TimedOut}, job.Decision{Event: job.EventExpire, DeadReason: "retries_exhausted"}},
		{"failed for good", 0, job.Outcome{Status: job.Failed, Permanent: true}, job.Decision{Event: job.EventFail, DeadReason: "permanent"}},
		{"asks for a longer delay", 0, job.Outcome{Status: job.Failed, RetryAfter: 10 * time.Minute}, job.Decision{Event: job.EventRetry, RetryAt: in(10 * time.Minute)}},
		{"asks for a shorter delay", 0, job.Outcome{Status: job.Failed, RetryAfter: time.Second}, job.Decision{Event: job.EventRetry, RetryAt: in(time.Minute)}},
		{"asks for a delay it has no retry for", 2, job.Outcome{Status: job.Failed, RetryAfter: time.Hour}, job.Decision{Event: job.EventFail, DeadReason: "retries_exhausted"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := job.Decide(&def, tt.retries, tt.outcome, now, 0); got != tt.want {
				t.Errorf("Decide = %+v, want %+v", got, tt.want)
			}
		})
	}
}

// TestDecideCountsAttempts fails every attempt: there are max_retries + 1 of them,
// each no sooner than its backoff, and the last leaves a dead letter.
func TestDecideCountsAttempts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		def := genRetrySpec.Draw(t, "spec")
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		attempts, retries := 1, 0
		for ; ; attempts++ {
			o := job.Outcome{Status: rapid.SampledFrom([]job.Status{job.Failed, job.TimedOut}).Draw(t, "status")}
			d := job.Decide(&def, retries, o, now, rapid.Float64Range(0, 0.999).Draw(t, "random"))
			if next, ok := job.Running.Next(d.Event); !ok || next.Terminal() == (d.Event == job.EventRetry) {
				t.Fatalf("event %q leads from running to %q", d.Event, next)
			}
			if d.Event != job.EventRetry {
				if d.DeadReason != "retries_exhausted" || !d.RetryAt.IsZero() {
					t.Fatalf("the last attempt's decision is %+v", d)
				}
				break
			}
			retries++
			if wait := d.RetryAt.Sub(now); wait < backoff(&def, retries) || d.DeadReason != "" {
				t.Fatalf("retry %d waits %v (dead: %q), want at least %v", retries, wait, d.DeadReason, backoff(&def, retries))
			}
		}
		if attempts != def.MaxRetries+1 {
			t.Fatalf("%d attempts with max_retries %d", attempts, def.MaxRetries)
		}
	})
}

// TestDecideLost is what becomes of an execution whose worker vanished.
func TestDecideLost(t *testing.T) {
	t.Parallel()
	tests := []struct {
		onLost job.OnLost
		lost   int
		want   job.Decision
	}{
		{job.OnLostRetry, 1, job.Decision{Event: job.EventLose}},
		{job.OnLostRetry, 2, job.Decision{Event: job.EventLose}},
		{job.OnLostRetry, 3, job.Decision{Event: job.EventAbandon, DeadReason: "poison"}},
		{job.OnLostRetry, 4, job.Decision{Event: job.EventAbandon, DeadReason: "poison"}},
		{job.OnLostFail, 1, job.Decision{Event: job.EventAbandon, DeadReason: "worker_lost"}},
		{job.OnLostFail, 3, job.Decision{Event: job.EventAbandon, DeadReason: "poison"}},
		{"", 1, job.Decision{Event: job.EventLose}},
	}
	for _, tt := range tests {
		def := job.Spec{OnLost: tt.onLost, MaxRetries: 0}
		if got := job.DecideLost(&def, tt.lost); got != tt.want {
			t.Errorf("DecideLost(%q, %d) = %+v, want %+v", tt.onLost, tt.lost, got, tt.want)
		}
	}
}
