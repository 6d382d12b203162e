package control

import (
	"context"
	"slices"

	"github.com/agentic-sdlc/scheduler/job"
)

// maxChain bounds the jobs that are looked at for a cycle.
const maxChain = 1000

// checkAfter refuses a job that would, by the jobs that it runs after, run after itself.
// Jobs that are not there yet are no cycle. before has those that are about to be.
func (s *Service) checkAfter(ctx context.Context, platform string, spec *job.Spec, before map[string]*job.Spec) error {
	if len(spec.After) == 0 {
		return nil
	}
	seen := map[string]bool{}
	next := slices.Clone(spec.After)
	for n := 0; len(next) > 0 && n < maxChain; n++ {
		ref := next[0].Job
		next = next[1:]
		if seen[ref] {
			continue
		}
		seen[ref] = true
		upstream := before[ref]
		if upstream == nil {
			j, err := s.store.Job(ctx, platform, ref)
			if job.CodeOf(err) == job.NotFound {
				continue
			}
			if err != nil {
				return err
			}
			if upstream = before[j.Name]; upstream == nil {
				upstream = &j.Spec
			}
		}
		if upstream.Name == spec.Name {
			return fieldError("after", "cycle", "%q would run after itself, by way of %q", spec.Name, ref)
		}
		next = append(next, upstream.After...)
	}
	return nil
}
