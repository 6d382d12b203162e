package job

import (
	"time"
)

// MaxLost is how many workers may vanish over one execution before it is poison.
const MaxLost = 3

// Outcome is how a handler's attempt ended.
type Outcome struct {
	Status     Status        // Success, Failed, TimedOut or Cancelled
	Permanent  bool          // failed for good: do not retry
	RetryAfter time.Duration // the handler asks for at least this delay
}

// Decision is what becomes of an execution after an attempt.
type Decision struct {
	Event      Event
	RetryAt    time.Time // for EventRetry
	DeadReason string    // "" = not a dead letter
}

// Decide applies the job's retry policy to an attempt that ended at now. retries is
// how many counted failures were followed by another attempt; random is in [0, 1). A step
// is no dead letter: its workflow knows what to do about it.
func Decide(def *Spec, retries int, o Outcome, now time.Time, random float64) Decision {
	d := decide(def, retries, o, now, random)
	if def.isStep() {
		d.DeadReason = ""
	}
	return d
}

func decide(def *Spec, retries int, o Outcome, now time.Time, random float64) Decision {
	switch o.Status {
	case Success:
		return Decision{Event: EventSucceed}
	case Cancelled:
		return Decision{Event: EventCancel}
	}
	final := EventFail
	if o.Status == TimedOut {
		final = EventExpire
	}
	switch {
	case o.Permanent:
		return Decision{Event: final, DeadReason: "permanent"}
	case retries >= def.MaxRetries:
		return Decision{Event: final, DeadReason: "retries_exhausted"}
	}
	delay := max(RetryDelay(def, retries+1, random), o.RetryAfter)
	return Decision{Event: EventRetry, RetryAt: now.Add(delay)}
}

// RetryDelay returns how long the retry-th retry (1 for the first) waits: the job's
// backoff, capped, and up to a tenth more so that retries spread. random is in [0, 1).
func RetryDelay(def *Spec, retry int, random float64) time.Duration {
	base, limit := float64(def.RetryDelayMS), float64(def.RetryMaxDelayMS)
	ms := base
	switch def.RetryBackoff {
	case BackoffLinear:
		ms = base * float64(retry)
	case BackoffExponential:
		for range min(retry-1, 62) {
			ms *= 2
		}
	}
	if limit >= base {
		ms = min(ms, limit)
	}
	ms = min(ms, MaxDurationMS) // whatever a broken row says, it is an instant in reach
	return time.Duration((ms + ms*0.1*random) * float64(time.Millisecond))
}

// DeadReasons returns all reasons for which an execution may be a dead letter.
func DeadReasons() []string {
	return []string{"retries_exhausted", "permanent", "poison", "worker_lost", "handler_missing"}
}

// DecideLost says what becomes of an execution whose worker vanished, lost being
// the number of losses with this one.
func DecideLost(def *Spec, lost int) Decision {
	switch {
	case lost >= MaxLost && def.isStep():
		return Decision{Event: EventAbandon}
	case lost >= MaxLost:
		return Decision{Event: EventAbandon, DeadReason: "poison"}
	case def.HandlerType == HandlerWorkflow: // it only looks at its steps: starting it again repeats none
		return Decision{Event: EventLose}
	case def.OnLost == OnLostFail:
		return Decision{Event: EventAbandon, DeadReason: "worker_lost"}
	default:
		return Decision{Event: EventLose}
	}
}
