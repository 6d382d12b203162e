package exec

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
)

// defaultPath is PATH where neither the daemon nor the payload has one.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// inherited returns what commands see of the daemon's environment.
func inherited(environ, pass []string) map[string]string {
	env := map[string]string{"PATH": defaultPath}
	for _, entry := range environ {
		name, value, ok := strings.Cut(entry, "=")
		if ok && slices.Contains(pass, name) && !reserved(name) && value != "" {
			env[name] = value
		}
	}
	return env
}

// environ is the whole environment of one attempt, ordered by name.
func (h *Handler) environ(s spec, t *handler.Task) []string {
	env := map[string]string{}
	if !s.clean {
		env = maps.Clone(h.inherited)
	}
	maps.Copy(env, s.env)
	env["SCHEDD_JOB_ID"] = t.JobID.String()
	env["SCHEDD_JOB_NAME"] = t.JobName
	env["SCHEDD_PLATFORM"] = t.Platform
	env["SCHEDD_EXECUTION_ID"] = t.ExecutionID.String()
	env["SCHEDD_ATTEMPT"] = strconv.Itoa(t.Attempt)
	env["SCHEDD_FENCING_TOKEN"] = strconv.FormatInt(t.Token, 10)
	env["SCHEDD_SCHEDULED_AT"] = t.ScheduledAt.UTC().Format(time.RFC3339)
	env["SCHEDD_RUN_NUMBER"] = strconv.FormatInt(t.RunNumber, 10)
	env["SCHEDD_OCCURRENCE"] = strconv.FormatInt(t.Occurrence, 10)
	if t.TraceParent != "" {
		env["TRACEPARENT"] = t.TraceParent
	}
	list := make([]string, 0, len(env))
	for _, name := range sortedNames(env) {
		list = append(list, name+"="+env[name])
	}
	return list
}

// valueOf finds a variable in a list of "NAME=value".
func valueOf(environ []string, name string) string {
	for _, entry := range environ {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}
