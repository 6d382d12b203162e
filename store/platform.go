package store

import (
	"context"
	"slices"
	"time"
)

// Platforms keeps what is said of tenants. A platform that nobody registered is there as
// soon as it has a job, and free of limits.
type Platforms interface {
	// CreatePlatform registers a platform, or takes a deleted one into use again. conflict
	// when it is registered.
	CreatePlatform(ctx context.Context, p Platform) (Platform, error)
	// Platform returns the platform of that name; not_found when there is none in scope, or
	// it is deleted.
	Platform(ctx context.Context, scope, slug string) (Platform, error)
	// ListPlatforms returns platforms by name.
	ListPlatforms(ctx context.Context, f PlatformFilter) ([]Platform, error)
	// ChangePlatform reads a platform under a lock, lets c.Change edit it, and writes it.
	// Errors are those of Platform, and what Change returns. The name stays.
	ChangePlatform(ctx context.Context, c ChangePlatform) (Platform, error)
	// DeletePlatform takes a platform out of use, and revokes its tokens; its history stays.
	// conflict while it has jobs that have not ended, and for the reserved platform.
	DeletePlatform(ctx context.Context, d DeletePlatform) (Platform, error)
}

// Platform is a tenant. Limits that are nil are none; 0 allows nothing.
type Platform struct {
	Slug        string
	Description string

	MaxJobs          *int // jobs that have not ended
	MaxRunning       *int // executions at once, on all nodes together
	EventsPerSecond  *int // that each node takes in
	CreatesPerMinute *int // jobs that each node makes

	// Handlers are those that its jobs may use; nil = all, empty = none.
	Handlers []string

	CreatedAt *time.Time // nil = nobody registered it
	CreatedBy string
	UpdatedAt *time.Time
	UpdatedBy string
	DeletedAt *time.Time // nil = in use
}

// Allows reports whether jobs of the platform may use a handler.
func (p *Platform) Allows(handler string) bool {
	return p.Handlers == nil || slices.Contains(p.Handlers, handler)
}

// PlatformFilter selects platforms.
type PlatformFilter struct {
	Scope   string // slug; AnyPlatform = all
	Deleted bool   // deleted ones too
	// Limited leaves out those that are in use and have no limit of any kind.
	Limited bool
}

// ChangePlatform are the parameters of Platforms.ChangePlatform.
type ChangePlatform struct {
	Scope  string // AnyPlatform = all
	Slug   string
	Change func(p *Platform) error
	By     string
	Now    time.Time
}

// DeletePlatform are the parameters of Platforms.DeletePlatform.
type DeletePlatform struct {
	Scope string // AnyPlatform = all
	Slug  string
	By    string
	Now   time.Time
}
