package control

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
)

// Role is what a caller may do.
type Role string

// The roles. Each may do what those before it may.
const (
	RoleViewer   Role = "viewer"   // reads
	RoleOperator Role = "operator" // makes, changes and runs jobs
	RoleAdmin    Role = "admin"    // makes tokens too
)

// Roles returns all roles, the least first.
func Roles() []Role { return []Role{RoleViewer, RoleOperator, RoleAdmin} }

// Allows reports whether a caller of role r may do what needs the role want. A role that
// nobody knows allows nothing, and nothing but admin allows what needs one.
func (r Role) Allows(want Role) bool {
	has, needs := slices.Index(Roles(), r), slices.Index(Roles(), want)
	return has >= 0 && needs >= 0 && has >= needs
}

// Principal is a caller whose identity is established.
type Principal struct {
	Name string // becomes created_by
	Role Role
	// Platform is the slug the caller is confined to; "" = the reserved platform,
	// AnyPlatform = all of them.
	Platform string
	// Commands is true for who could run any command on this machine anyway: root and
	// the daemon's own user, on the socket.
	Commands bool
	Token    string // id of the token that was shown; "" = a caller on the socket
	Via      string // how else the caller is known, e.g. "uid 1000": for the audit log
}

// Call is what every use case gets beside its own parameters.
type Call struct {
	Principal Principal
	Now       time.Time
	Platform  string // asked for: a slug, a UUID, "default" or "*"; "" = as far as the caller reaches
	Reason    string // why, for the log
	DryRun    bool   // say what would become of a job, and write nothing; creations and changes of one job know it

	IfRevision     int64  // changes: the revision that the job must have; 0 = any
	IdempotencyKey string // creations; "" = none
	BodyHash       string // what the key stands for
	RequestID      string
	Trace          string // W3C id of the trace that the request belongs to, for the audit log; "" = none
	TraceID        string // W3C, of the request; "" = none
	ParentSpanID   string
	// Repeats is told which execution the call repeats; nil = nobody asks.
	Repeats func(of *job.Execution)
}

var platformRule = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// reach is the platform the caller is confined to.
func (p Principal) reach() string {
	if p.Platform == "" {
		return job.DefaultPlatform
	}
	return p.Platform
}

// scope returns the platform parameter of store calls: what was asked for, within
// the caller's reach.
func (c Call) scope() (string, error) {
	reach := c.Principal.reach()
	if c.Platform == "" {
		return reach, nil
	}
	asked := c.Platform
	if asked != AnyPlatform {
		var err error
		if asked, err = platform(asked); err != nil {
			return "", err
		}
	}
	if reach != AnyPlatform && asked != reach {
		return "", job.Errorf(job.Forbidden, "platform %q is not yours", asked)
	}
	return asked, nil
}

// everywhere refuses callers who are confined to a platform: what they ask for
// concerns all of them.
func (c Call) everywhere(what string) error {
	if c.Principal.reach() != AnyPlatform {
		return job.Errorf(job.Forbidden, "%s concerns all platforms, and you are confined to %q", what, c.Principal.reach())
	}
	return nil
}

// home returns the platform of what the call creates.
func (c Call) home() (string, error) {
	scope, err := c.scope()
	if err != nil {
		return "", err
	}
	if scope != AnyPlatform {
		return scope, nil
	}
	if c.Platform == AnyPlatform {
		return "", fieldError("platform_id", "pattern", `"*" is no platform to create something in`)
	}
	return job.DefaultPlatform, nil
}

// platform reads a slug or a UUID.
func platform(text string) (string, error) {
	slug := strings.ToLower(text)
	if slug != text {
		if _, err := job.ParseID(text); err != nil {
			slug = "" // only a UUID may be in upper case
		}
	}
	if !platformRule.MatchString(slug) {
		return "", fieldError("platform_id", "pattern", "must be a UUID or a slug of lower-case letters, digits, hyphen and underscore, at most 63 bytes")
	}
	return slug, nil
}

// mayUse refuses a free command to everyone who could not run it anyway, and a handler
// to platforms that it is not for. Service.mayUse knows what platforms may do, too.
func (c Call) mayUse(info handler.Info, platform string) error {
	if !info.For(platform) {
		return fieldError("handler_name", "unknown", "handler %.80q is not registered", info.Name)
	}
	if !info.Privileged || c.Principal.Commands {
		return nil
	}
	return job.Errorf(job.Forbidden, "handler %q runs free commands; only root and the user of the daemon may use it, on the socket", info.Name).
		WithHint("ask for the command to be named in the configuration, and use that name as handler")
}

func fieldError(field, code, format string, args ...any) error {
	var p job.Problems
	p.Add(field, code, format, args...)
	return p.Err()
}
