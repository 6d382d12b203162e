package config

import (
	"cmp"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/agentic-sdlc/scheduler/job"
)

// maxSocketPath is what a Unix address holds without its final NUL.
const maxSocketPath = 107

var (
	nodeName     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)
	handlerName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	envName      = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	reservedName = regexp.MustCompile(`^(SCHEDD_.*|LD_.*|TRACEPARENT)$`) // package exec refuses them
	headerName   = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
	octalMode    = regexp.MustCompile(`^0?[0-7]{3}$`)
	shells       = []string{"sh", "bash", "dash", "zsh", "ksh", "fish", "busybox"}
	ourHandlers  = []string{"exec", "http", "send-notification", "health-check", "reindex-knowledge-base", "emit-event", "cleanup-old-data", "agent"}
)

// BuiltIn returns the names of the handlers that schedd brings along.
func BuiltIn() []string { return slices.Clone(ourHandlers) }

// Validate returns what is wrong with values that are of the right type: words and
// numbers out of their range, and keys that contradict each other. It looks at the
// file system only for the commands that handlers name.
func Validate(cfg Config) Problems {
	var ps Problems
	ps.tagged(reflect.ValueOf(cfg), "")
	ps.node(cfg)
	ps.network(cfg.Listen)
	ps.servers(cfg)
	ps.worker(cfg)
	ps.limits(cfg)
	ps.tracing(cfg.Tracing)
	ps.ping(cfg.Alerts.Ping)
	ps.secrets(cfg.Declared)
	ps.handlers(cfg.Handlers)
	return ps
}

// value reports a problem with a key; Load adds where its value comes from.
func (ps *Problems) value(key, format string, args ...any) { ps.add("", key, format, args...) }

// tagged checks every value against its oneof and range tags.
func (ps *Problems) tagged(v reflect.Value, prefix string) {
	for i := range v.NumField() {
		sf, fv := v.Type().Field(i), v.Field(i)
		key := prefix + sf.Tag.Get("yaml")
		switch {
		case fv.Kind() == reflect.Struct:
			ps.tagged(fv, key+".")
		case fv.Kind() == reflect.Slice && fv.Type().Elem().Kind() == reflect.Struct:
			for j := range fv.Len() {
				ps.tagged(fv.Index(j), fmt.Sprintf("%s[%d].", key, j))
			}
		}
		if words, ok := sf.Tag.Lookup("oneof"); ok {
			ps.oneOf(key, fv.String(), strings.Split(words, "|"))
		}
		switch bounds, ok := sf.Tag.Lookup("range"); {
		case !ok:
		case fv.Kind() == reflect.Slice:
			for j := range fv.Len() {
				ps.inRange(fmt.Sprintf("%s[%d]", key, j), fv.Index(j), bounds)
			}
		default:
			ps.inRange(key, fv, bounds)
		}
	}
}

func (ps *Problems) oneOf(key, word string, words []string) {
	if slices.Contains(words, word) {
		return
	}
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "" })
	hint := ""
	if s := job.Nearest(word, words); s != "" && word != "" {
		hint = fmt.Sprintf(" (did you mean %s?)", s)
	}
	ps.value(key, "%q is not one of %s%s", word, strings.Join(words, ", "), hint)
}

func (ps *Problems) tracing(t Tracing) {
	if t.Endpoint == "" {
		return
	}
	if u, err := url.Parse(t.Endpoint); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		ps.value("tracing.endpoint", "%q is not a URL such as http://127.0.0.1:4318", t.Endpoint)
	}
}

func (ps *Problems) inRange(key string, v reflect.Value, bounds string) {
	low, high, _ := strings.Cut(bounds, "..")
	least, err1 := parseScalar(v.Type(), low)
	most, err2 := parseScalar(v.Type(), high)
	if err1 != nil || err2 != nil {
		panic("config: bad range tag of " + key)
	}
	if compare(v, reflect.ValueOf(least)) < 0 || compare(v, reflect.ValueOf(most)) > 0 {
		ps.value(key, "%s is not between %s and %s", formatValue(v), low, high)
	}
}

// compare orders two numbers of one type.
func compare(a, b reflect.Value) int {
	if a.Kind() == reflect.Float64 {
		return cmp.Compare(a.Float(), b.Float())
	}
	return cmp.Compare(a.Int(), b.Int())
}

func (ps *Problems) node(cfg Config) {
	if !nodeName.MatchString(cfg.NodeID) {
		ps.value("node_id", "%q must be letters, digits, dots, hyphens and underscores, at most 128", cfg.NodeID)
	}
	if len(cfg.Roles) == 0 {
		ps.value("roles", "is empty: a node with nothing to do")
	}
	for i, r := range cfg.Roles {
		ps.oneOf("roles", r, []string{RoleAPI, RoleScheduler, RoleWorker})
		if slices.Contains(cfg.Roles[:i], r) {
			ps.value("roles", "%s is listed twice", r)
		}
	}
	if _, err := time.LoadLocation(cfg.Timezone); err != nil || cfg.Timezone == "" || cfg.Timezone == "Local" {
		ps.value("timezone", "%q is not a zone name such as UTC or Europe/Berlin", cfg.Timezone)
	}
	if dir := cfg.JobsDir; dir != "" && !filepath.IsAbs(dir) {
		ps.value("jobs_dir", "%q is not an absolute path", dir)
	}
	switch s := cfg.Listen.Socket; {
	case strings.HasPrefix(s, "@") || strings.ContainsRune(s, 0):
		ps.value("listen.socket", "abstract sockets have no permissions: name a path")
	case len(s) > maxSocketPath:
		ps.value("listen.socket", "the path has %d bytes, a socket's may have %d: choose a shorter one", len(s), maxSocketPath)
	}
	if !octalMode.MatchString(cfg.Listen.SocketMode) {
		ps.value("listen.socket_mode", `%q is not an octal mode such as "0660"`, cfg.Listen.SocketMode)
	}
}

func (ps *Problems) worker(cfg Config) {
	w := cfg.Worker
	if w.Lease <= 2*w.Heartbeat {
		ps.value("worker.lease", "%s must be more than twice worker.heartbeat (%s): one late heartbeat would lose every run",
			formatDuration(w.Lease), formatDuration(w.Heartbeat))
	}
	if w.ReapEvery > w.Lease {
		ps.value("worker.reap_every", "%s must not be more than worker.lease (%s): dead workers would be found late",
			formatDuration(w.ReapEvery), formatDuration(w.Lease))
	}
	if d := w.Defaults; d.RetryDelay > d.RetryMaxDelay {
		ps.value("worker.defaults.retry_delay", "%s must not be more than worker.defaults.retry_max_delay (%s): the first delay would already be cut",
			formatDuration(d.RetryDelay), formatDuration(d.RetryMaxDelay))
	}
}

func (ps *Problems) limits(cfg Config) {
	l := cfg.Limits
	if l.LogJobBytes > l.LogTotalBytes {
		ps.value("limits.log_job_bytes", "%d must not be more than limits.log_total_bytes (%d): one job would push out all others",
			l.LogJobBytes, l.LogTotalBytes)
	}
	for i, word := range cfg.Log.Redact {
		if strings.TrimSpace(word) == "" {
			ps.value(fmt.Sprintf("log.redact[%d]", i), "is empty: it would mask everything")
		}
	}
}

func (ps *Problems) handlers(h Handlers) {
	for i, name := range h.Exec.PassEnv {
		if !envName.MatchString(name) {
			ps.value(fmt.Sprintf("handlers.exec.pass_env[%d]", i), "%q is not the name of a variable", name)
		}
	}
	if !filepath.IsAbs(h.Exec.Shell) {
		ps.value("handlers.exec.shell", "%q is not an absolute path", h.Exec.Shell)
	}
	for i, network := range h.HTTP.AllowPrivate {
		key := fmt.Sprintf("handlers.http.allow_private[%d]", i)
		p, err := netip.ParsePrefix(network)
		switch {
		case err != nil:
			ps.value(key, "%q is not a network such as 10.1.0.0/16", network)
		case p.Bits() == 0:
			ps.value(key, "%q allows every private address: name the networks that you mean", network)
		}
	}
	for i, host := range h.HTTP.AllowPrivateHosts {
		if host == "*" || host == "" {
			ps.value(fmt.Sprintf("handlers.http.allow_private_hosts[%d]", i), "%q allows every private address: name the hosts that you mean", host)
		}
	}
	taken := map[string]string{}
	for _, name := range ourHandlers {
		taken[name] = "the built-in handler"
	}
	for i, c := range h.Commands {
		key := fmt.Sprintf("handlers.commands[%d]", i)
		ps.name(key, c.Name, taken)
		ps.command(key, c)
	}
	for i, u := range h.URLs {
		key := fmt.Sprintf("handlers.urls[%d]", i)
		ps.name(key, u.Name, taken)
		ps.url(key, u)
	}
	ps.tell(&h, taken)
}

// name checks the name of a handler and notes it in taken.
func (ps *Problems) name(key, name string, taken map[string]string) {
	switch other := taken[name]; {
	case name == "":
		ps.value(key, "needs a name")
		return
	case !handlerName.MatchString(name):
		ps.value(key+".name", "%q must be letters, digits, dots, hyphens and underscores, at most 64", name)
	case other != "":
		ps.value(key+".name", "%q is the name of %s too", name, other)
	}
	taken[name] = key
}

func (ps *Problems) command(key string, c Command) {
	for j, pair := range c.Env {
		switch name := fmt.Sprintf("%s.env[%d].name", key, j); {
		case !envName.MatchString(pair.Name):
			ps.value(name, "%q is not the name of a variable", pair.Name)
		case reservedName.MatchString(pair.Name):
			ps.value(name, "%q is not for you to set: schedd, or the loader of programs, does", pair.Name)
		}
	}
	ps.params(key, c)
	if c.Dir != "" && !filepath.IsAbs(c.Dir) {
		ps.value(key+".dir", "%q is not an absolute path", c.Dir)
	}
	if len(c.Argv) == 0 {
		ps.value(key, "needs argv: the command and its arguments as a list")
		return
	}
	program := c.Argv[0]
	switch info, err := os.Stat(program); {
	case !filepath.IsAbs(program):
		ps.value(key+".argv[0]", "%q is not an absolute path: PATH is not searched", program)
	case err != nil:
		ps.value(key+".argv[0]", "%q: %v", program, cause(err))
	case info.IsDir() || info.Mode()&0o111 == 0:
		ps.value(key+".argv[0]", "%q is not executable", program)
	case slices.Contains(shells, filepath.Base(program)) && !c.AllowShell:
		ps.value(key+".argv[0]", "%q is a shell, which reads its arguments as code: set allow_shell: true if you mean it", program)
	}
}

func (ps *Problems) url(key string, u URL) {
	parsed, err := url.Parse(u.URL)
	switch {
	case u.URL == "":
		ps.value(key, "needs a url")
	case err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https":
		ps.value(key+".url", "is not an http:// or https:// address")
	case parsed.User != nil:
		ps.value(key+".url", "holds a user or password: send an Authorization header instead")
	}
	ps.either(key+".secret", u.Secret, u.SecretFile)
	for j, pair := range u.Headers {
		if !headerName.MatchString(pair.Name) {
			ps.value(fmt.Sprintf("%s.headers[%d].name", key, j), "%q is not the name of a header", pair.Name)
		}
		if strings.ContainsAny(pair.Value, "\r\n\x00") {
			ps.value(fmt.Sprintf("%s.headers[%d].value", key, j), "holds a line break")
		}
	}
}

// Mode is the socket's mode; SocketMode has been validated.
func (l Listen) Mode() os.FileMode {
	n, _ := strconv.ParseUint(l.SocketMode, 8, 9)
	return os.FileMode(n)
}

// writable reports whether this process may create files in dir.
func writable(dir string) bool { return unix.Access(dir, unix.W_OK|unix.X_OK) == nil }
