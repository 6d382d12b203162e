package job

// checkExpected checks what is expected of runs.
func (s *Spec) checkExpected(p *Problems) {
	for _, f := range []struct {
		name string
		ms   int64
	}{
		{"start_within_ms", s.StartWithinMS}, {"finish_within_ms", s.FinishWithinMS}, {"min_duration_ms", s.MinDurationMS}, {"max_gap_ms", s.MaxGapMS},
	} {
		within(p, f.name, f.ms, 0, MaxDurationMS)
	}
	if s.MinDurationMS > 0 && s.FinishWithinMS > 0 && s.MinDurationMS >= s.FinishWithinMS {
		p.Add("min_duration_ms", "contradiction", "must be less than finish_within_ms")
	}
}

// Expects reports whether the job says what is expected of its runs.
func (s *Spec) Expects() bool {
	return s.StartWithinMS > 0 || s.FinishWithinMS > 0 || s.MinDurationMS > 0 || s.MaxGapMS > 0
}
