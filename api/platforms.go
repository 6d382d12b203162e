package api

import "time"

// Routes about platforms. {id} of a platform is its name.
const (
	RoutePlatforms     = Prefix + "/platforms"
	RoutePlatformOfAll = Prefix + "/platforms/{id}"
)

// Platform is a tenant. Limits that are null are none; 0 allows nothing.
type Platform struct {
	ID               string     `json:"id"` // a slug or a UUID: the platform_id of what belongs to it
	Description      string     `json:"description"`
	MaxJobs          *int       `json:"max_jobs"`           // jobs that have not ended
	MaxRunning       *int       `json:"max_running"`        // executions at once, on all nodes together
	EventsPerSecond  *int       `json:"events_per_second"`  // that each node takes in; null = 10000
	CreatesPerMinute *int       `json:"creates_per_minute"` // jobs that each node makes
	AllowedHandlers  *[]string  `json:"allowed_handlers"`   // that its jobs may use; null = all, empty = none
	CreatedAt        *time.Time `json:"created_at"`         // null = nobody registered it: its first job made it
	CreatedBy        string     `json:"created_by"`
	UpdatedAt        *time.Time `json:"updated_at"`
	UpdatedBy        string     `json:"updated_by"`
	DeletedAt        *time.Time `json:"deleted_at"` // null = in use

	// Usage is told of one platform, and left out of lists.
	Usage *PlatformUsage `json:"usage,omitempty"`
}

// PlatformUsage is what a platform has now.
type PlatformUsage struct {
	Jobs    int64 `json:"jobs"` // active, paused, and in error
	Running int64 `json:"running"`
	Waiting int64 `json:"waiting"`
}

// PlatformInput is the body of POST /platforms and of PATCH /platforms/{id}, which takes
// no id. What is left out keeps its value; null lifts a limit.
type PlatformInput struct {
	ID               *string   `json:"id,omitempty"`
	Description      *string   `json:"description,omitempty"`
	MaxJobs          *int      `json:"max_jobs,omitempty"`           // 0…10000000
	MaxRunning       *int      `json:"max_running,omitempty"`        // 0…1000000
	EventsPerSecond  *int      `json:"events_per_second,omitempty"`  // 0…1000000
	CreatesPerMinute *int      `json:"creates_per_minute,omitempty"` // 0…1000000
	AllowedHandlers  *[]string `json:"allowed_handlers,omitempty"`

	// Null names the limits that were given as null.
	Null []string `json:"-"`
}
