package stored

import "github.com/agentic-sdlc/scheduler/job"

// InPlace reports whether DecodeSpec reads data itself.
func InPlace(data []byte) bool {
	p := plain{text: string(data), s: &job.Spec{}}
	return p.object()
}
