package store

import "time"

// HoldKind is what a hold stops.
type HoldKind string

// The kinds of holds.
const (
	// HoldDispatch stops starting: executions of the platform are planned and
	// recorded, and wait. What runs goes on.
	HoldDispatch HoldKind = "dispatch"
	// HoldMaintenance stops planning and starting on all nodes at once. When it ends
	// the misfire policy of each job decides over the slots that passed, as after an
	// outage. What runs goes on, and runs that people ask for wait.
	HoldMaintenance HoldKind = "maintenance"
)

// HoldKinds returns all kinds.
func HoldKinds() []HoldKind { return []HoldKind{HoldDispatch, HoldMaintenance} }

// Hold is something that an operator stopped on purpose.
type Hold struct {
	Kind     HoldKind   `json:"kind"`
	Platform string     `json:"platform,omitempty"` // "" = all; always so for maintenance
	Since    time.Time  `json:"since"`
	Until    *time.Time `json:"until,omitempty"`    // when it ends by itself; nil = never
	EndedAt  *time.Time `json:"ended_at,omitempty"` // nil = it stands
	By       string     `json:"by,omitempty"`
	Reason   string     `json:"reason,omitempty"`
}

// End is when the hold ended, or will end by itself; nil = nobody knows.
func (h *Hold) End() *time.Time {
	if h.EndedAt != nil {
		return h.EndedAt
	}
	return h.Until
}

// Stands reports whether the hold stands at an instant.
func (h *Hold) Stands(at time.Time) bool {
	end := h.End()
	return !at.Before(h.Since) && (end == nil || at.Before(*end))
}

// Covers reports whether the hold concerns a platform.
func (h *Hold) Covers(platform string) bool { return h.Platform == "" || h.Platform == platform }
