package job

// Admission is what the overlap policy says to one more run of a job.
type Admission struct {
	Queued     bool       // it waits until another run is over
	CancelLive bool       // what runs is asked to stop
	Reason     SkipReason // not empty: it is skipped
}

// Places returns how many runs of the job may be under way at once.
func (s *Spec) Places() int {
	if s.Overlap == OverlapAllow {
		return max(1, s.Concurrency)
	}
	return 1
}

// Admit applies the job's overlap policy to one more run. With drain set, as when
// every missed run is caught up, a run that finds no place waits instead of being
// skipped.
func Admit(def *Job, st State, drain bool) Admission {
	if st.Live < def.Places() && st.Queued == 0 {
		return Admission{}
	}
	switch {
	case drain, def.Overlap == OverlapQueueAll:
		return Admission{Queued: true}
	case def.Overlap == OverlapQueueOne && st.Queued == 0:
		return Admission{Queued: true}
	case def.Overlap == OverlapCancelRunning && st.Queued == 0:
		return Admission{Queued: true, CancelLive: true}
	case def.Overlap == OverlapAllow:
		return Admission{Reason: SkipConcurrency}
	default:
		return Admission{Reason: SkipOverlap}
	}
}
