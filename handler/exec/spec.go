package exec

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/agentic-sdlc/scheduler/job"
)

// Limits of what a payload may say; the payload as a whole has its own.
const (
	maxArgs    = 1024
	maxArgv    = 64 << 10  // bytes of all arguments together
	maxArg     = 127 << 10 // bytes; Linux takes 128 KiB, with a NUL and the name
	maxEnv     = 256
	maxEnvName = 128 // bytes
	maxPath    = 4095
)

// spec is one command, as a payload or the configuration has it.
type spec struct {
	argv  []string
	env   map[string]string
	clean bool   // nothing is inherited from the daemon, PATH included
	dir   string // "" = Options.Dir
	stdin []byte // nil = /dev/null
}

// parse reads a payload of the free handler.
func parse(payload json.RawMessage, shell string) (spec, job.Problems) {
	f := readFields(payload, "command", "shell", "shell_path", "env", "clean_env", "dir", "stdin")
	var s spec
	switch {
	case f.Has("command") && f.Has("shell"):
		f.Add("shell", "contradiction", "give command or shell, not both")
	case f.Has("shell"):
		s.argv = f.script(shell)
	case f.Has("command"):
		s.argv = f.command()
	case len(f.Problems) == 0:
		f.Add("command", "required", "is required: a list of the program and its arguments; or shell, a script")
	}
	if f.Has("shell_path") && !f.Has("shell") {
		f.Add("shell_path", "contradiction", "goes with shell only")
	}
	s.env = f.env()
	s.clean = f.Bool("clean_env")
	if f.Has("dir") {
		s.dir = f.Text("dir")
		if why := checkDir(s.dir); why != "" {
			f.Add("dir", "pattern", "%s", why)
		}
	}
	if f.Has("stdin") {
		s.stdin = []byte(f.Text("stdin"))
	}
	return s, f.Problems
}

func (f *fields) command() []string {
	argv := f.Texts("command")
	switch {
	case argv == nil:
	case len(argv) == 0 || argv[0] == "":
		f.Add("command", "required", "must start with the program")
	case len(argv) > maxArgs:
		f.Add("command", "too_many", "has %d items; at most %d are allowed", len(argv), maxArgs)
	case len(strings.Join(argv, "")) > maxArgv:
		f.Add("command", "too_long", "has more than %d bytes in all", maxArgv)
	}
	return argv
}

func (f *fields) script(shell string) []string {
	if f.Has("shell_path") {
		shell = f.Text("shell_path")
		if !filepath.IsAbs(shell) || len(shell) > maxPath {
			f.Add("shell_path", "pattern", "must be an absolute path")
		}
	}
	script := f.Text("shell")
	switch {
	case strings.TrimSpace(script) == "":
		f.Add("shell", "required", "must hold a script")
	case len(script) > maxArgv:
		f.Add("shell", "too_long", "has %d bytes; at most %d are allowed", len(script), maxArgv)
	}
	return []string{shell, "-c", script}
}

func (f *fields) env() map[string]string {
	if !f.Has("env") {
		return nil
	}
	members := f.Object("payload.env", f.Members["env"])
	if len(members) > maxEnv {
		f.Add("env", "too_many", "has %d variables; at most %d are allowed", len(members), maxEnv)
	}
	env := make(map[string]string, len(members))
	for _, m := range members {
		place := "env." + m.Name
		if why := checkName(m.Name); why != "" {
			f.Add(place, "pattern", "%s", why)
		}
		env[m.Name] = f.StringAt(place, m.Value)
		if len(env[m.Name]) > maxArg {
			f.Add(place, "too_long", "has %d bytes; at most %d are allowed", len(env[m.Name]), maxArg)
		}
	}
	return env
}

func checkDir(dir string) string {
	if !filepath.IsAbs(dir) || len(dir) > maxPath {
		return "must be an absolute path"
	}
	return ""
}

// checkName says why a variable may not be set, "" if it may.
func checkName(name string) string {
	switch {
	case len(name) > maxEnvName || !isName(name):
		return "is not the name of an environment variable"
	case reserved(name):
		return "must not be set: SCHEDD_*, TRACEPARENT and LD_* are the daemon's"
	}
	return ""
}

// isName says whether a shell could name the variable.
func isName(s string) bool {
	for i, c := range []byte(s) {
		letter := c == '_' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// reserved says whether neither payload nor configuration may name a variable.
func reserved(name string) bool {
	return strings.HasPrefix(name, "SCHEDD_") || strings.HasPrefix(name, "LD_") || name == "TRACEPARENT"
}

// checkNamed says what is wrong with a command of the configuration.
func checkNamed(n NamedOptions) job.Problems {
	var p job.Problems
	if len(n.Argv) == 0 || !filepath.IsAbs(n.Argv[0]) {
		p.Add("argv", "pattern", "must start with the absolute path of a program")
	}
	if len(strings.Join(n.Argv, "")) > maxArgv || strings.ContainsRune(strings.Join(n.Argv, ""), 0) {
		p.Add("argv", "too_long", "must have at most %d bytes and no NUL", maxArgv)
	}
	if why := checkDir(n.Dir); why != "" && n.Dir != "" {
		p.Add("dir", "pattern", "%s", why)
	}
	if n.Timeout < 0 {
		p.Add("timeout", "out_of_range", "must not be negative")
	}
	for _, name := range sortedNames(n.Env) {
		if why := checkName(name); why != "" {
			p.Add("env."+name, "pattern", "%s", why)
		}
		if strings.ContainsRune(n.Env[name], 0) || len(n.Env[name]) > maxArg {
			p.Add("env."+name, "text", "must have at most %d bytes and no NUL", maxArg)
		}
	}
	return p
}

func sortedNames(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
