package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/agentic-sdlc/scheduler/job"
)

const envPrefix = "SCHEDD_"

// known are the variables with our prefix that are not keys: what handlers are
// given, which a schedd started by a handler inherits, and what is read elsewhere.
var known = []string{
	"SCHEDD_JOB_ID", "SCHEDD_JOB_NAME", "SCHEDD_EXECUTION_ID", "SCHEDD_ATTEMPT", "SCHEDD_FENCING_TOKEN",
	"SCHEDD_SCHEDULED_AT", "SCHEDD_RUN_NUMBER", "SCHEDD_OCCURRENCE", "SCHEDD_PLATFORM", "SCHEDD_SUPERVISOR",
	"SCHEDD_FAILPOINTS", "SCHEDD_FAILPOINT_LOG", fileVariable,
}

// fileVariable names the configuration file.
const fileVariable = "SCHEDD_CONFIG"

// environment is the variables of a process; the last of a repeated one counts.
type environment map[string]string

func newEnvironment(env []string) environment {
	e := environment{}
	for _, kv := range env {
		if name, value, ok := strings.Cut(kv, "="); ok {
			e[name] = value
		}
	}
	return e
}

// unknown returns a warning for each variable with our prefix that nothing reads.
func (e environment) unknown() []string {
	byVariable := map[string]string{}
	for _, f := range fields() {
		byVariable[envPrefix+strings.ToUpper(strings.ReplaceAll(f.key, ".", "_"))] = f.variable()
	}
	candidates := slices.Sorted(maps.Keys(byVariable))
	var warnings []string
	for _, name := range slices.Sorted(maps.Keys(e)) {
		if !strings.HasPrefix(name, envPrefix) || slices.Contains(known, name) || strings.HasPrefix(name, "SCHEDD_TEST_") {
			continue
		}
		variable, ok := byVariable[name]
		switch {
		case variable != "":
		case ok:
			warnings = append(warnings, name+": ignored: this list fits only in the file")
		default:
			warning := name + ": ignored: no such key"
			if s := closest(name, candidates); s != "" {
				warning += " (did you mean " + s + "?)"
			}
			warnings = append(warnings, warning)
		}
	}
	return warnings
}

// closest compares without the prefix, which all of them share.
func closest(name string, candidates []string) string {
	bare := make([]string, len(candidates))
	for i, c := range candidates {
		bare[i] = strings.ToLower(strings.TrimPrefix(c, envPrefix))
	}
	if s := job.Nearest(strings.TrimPrefix(name, envPrefix), bare); s != "" {
		return envPrefix + strings.ToUpper(s)
	}
	return ""
}
