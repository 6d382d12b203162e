package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/agentic-sdlc/scheduler/job"
)

// usable is a configuration without problems.
func usable() Config {
	cfg := Default()
	cfg.NodeID, cfg.DataDir, cfg.Listen.Socket = "a", "/tmp", "/tmp/s"
	return cfg
}

func TestValidate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	command := func(change func(*Command)) func(*Config) {
		c := Command{Name: "a", Argv: []string{"/bin/true"}}
		change(&c)
		return func(cfg *Config) { cfg.Handlers.Commands = []Command{c} }
	}
	address := func(change func(*URL)) func(*Config) {
		u := URL{Name: "a", URL: "https://example.org/"}
		change(&u)
		return func(cfg *Config) { cfg.Handlers.URLs = []URL{u} }
	}
	tests := []struct {
		name   string
		change func(*Config)
		want   string // "" = no problem
	}{
		{"defaults", func(*Config) {}, ""},
		{"node with a slash", func(c *Config) { c.NodeID = "a/b" }, `node_id: "a/b" must be letters, digits, dots, hyphens and underscores, at most 128`},
		{"no roles", func(c *Config) { c.Roles = nil }, "roles: is empty: a node with nothing to do"},
		{"unknown role", func(c *Config) { c.Roles = []string{"wroker"} }, `roles: "wroker" is not one of api, scheduler, worker (did you mean worker?)`},
		{"role twice", func(c *Config) { c.Roles = []string{"api", "api"} }, "roles: api is listed twice"},
		{"fewer roles", func(c *Config) { c.Roles = []string{"api"} }, ""},
		{"roles in another order", func(c *Config) { c.Roles = []string{"worker", "api", "scheduler"} }, ""},
		{"no migration", func(c *Config) { c.Store.AutoMigrate = false }, ""},
		{"zone of the machine", func(c *Config) { c.Timezone = "Local" }, `timezone: "Local" is not a zone name such as UTC or Europe/Berlin`},
		{"no zone", func(c *Config) { c.Timezone = "" }, `timezone: "" is not a zone name such as UTC or Europe/Berlin`},
		{"abstract socket", func(c *Config) { c.Listen.Socket = "@schedd" }, "listen.socket: abstract sockets have no permissions: name a path"},
		{"mode with letters", func(c *Config) { c.Listen.SocketMode = "rw" }, `listen.socket_mode: "rw" is not an octal mode such as "0660"`},
		{"mode with nines", func(c *Config) { c.Listen.SocketMode = "0690" }, `listen.socket_mode: "0690" is not an octal mode such as "0660"`},
		{"set-uid mode", func(c *Config) { c.Listen.SocketMode = "4660" }, `listen.socket_mode: "4660" is not an octal mode such as "0660"`},
		{"mode of three digits", func(c *Config) { c.Listen.SocketMode = "660" }, ""},
		{"network on loopback", func(c *Config) { c.Listen.HTTP = "127.0.0.1:7070" }, ""},
		{"network by name", func(c *Config) { c.Listen.HTTP = "localhost:7070" }, ""},
		{"network on IPv6 loopback", func(c *Config) { c.Listen.HTTP = "[::1]:7070" }, ""},
		{"network with TLS", func(c *Config) { c.Listen.HTTP, c.Listen.TLSCertFile, c.Listen.TLSKeyFile = ":7070", "/c", "/k" }, ""},
		{"network without TLS", func(c *Config) { c.Listen.HTTP = "0.0.0.0:7070" }, `listen.http: "0.0.0.0:7070" is reached from other machines, which takes TLS: set listen.tls_cert_file and listen.tls_key_file, or use 127.0.0.1`},
		{"network on a name without TLS", func(c *Config) { c.Listen.HTTP = "localhost.example.org:7070" }, `listen.http: "localhost.example.org:7070" is reached from other machines, which takes TLS: set listen.tls_cert_file and listen.tls_key_file, or use 127.0.0.1`},
		{"network without a port", func(c *Config) { c.Listen.HTTP = "127.0.0.1" }, `listen.http: "127.0.0.1" is not host:port, such as 127.0.0.1:7070 or [::1]:7070`},
		{"network on port 0", func(c *Config) { c.Listen.HTTP = "127.0.0.1:0" }, `listen.http: "127.0.0.1:0" has no port that clients could know`},
		{"a certificate without its key", func(c *Config) { c.Listen.TLSCertFile = "/c" }, "listen.tls_key_file: a certificate needs its key: set listen.tls_cert_file and listen.tls_key_file, or neither"},
		{"burst below rate", func(c *Config) { c.Listen.RequestBurst = 99 }, "listen.request_burst: 99 must not be less than listen.request_rate (100)"},
		{"hosts", func(c *Config) { c.Listen.Hosts = []string{"sched.example.org", "192.0.2.1", "::1"} }, ""},
		{"any host", func(c *Config) { c.Listen.Hosts = []string{"*"} }, `listen.hosts[0]: "*" is no host name: name each host, without a port and without *`},
		{"a host with a port", func(c *Config) { c.Listen.Hosts = []string{"a", "a:80"} }, `listen.hosts[1]: "a:80" is no host name: name each host, without a port and without *`},
		{"a command with parameters", parameters(`[a-z]+`, "x", "--x={{payload.x}}"), ""},
		{"a placeholder without a parameter", parameters(`[a-z]+`, "x", "{{payload.x}}{{payload.y}}"), `handlers.commands[0].argv[1]: {{payload.y}} needs a line in params that says what it may be`},
		{"another placeholder", parameters(`[a-z]+`, "x", "{{payload.x}}", "{{env.HOME}}"), `handlers.commands[0].argv[2]: {{env.HOME}} is not known: write {{payload.NAME}}`},
		{"a parameter that is not used", parameters(`[a-z]+`, "x", "x"), `handlers.commands[0].params[0].name: argv has no {{payload.x}}`},
		{"a parameter without a pattern", parameters(``, "x", "{{payload.x}}"), `handlers.commands[0].params[0].pattern: is needed: it says what the value may be, e.g. "[a-z0-9_]{1,32}"`},
		{"a pattern that is none", parameters(`(`, "x", "{{payload.x}}"), "handlers.commands[0].params[0].pattern: is no regular expression of at most 256 bytes: error parsing regexp: missing closing ): `(`"},
		{"a parameter with a bad name", parameters(`x`, "a-b", "{{payload.a-b}}"), `handlers.commands[0].params[0].name: "a-b" must be letters, digits and underscores, at most 64, and given once`},
		{"a default of what is required", func(c *Config) {
			parameters(`x`, "x", "{{payload.x}}")(c)
			c.Handlers.Commands[0].Params[0].Default = "x"
		}, "handlers.commands[0].params[0].default: only what is optional has a default"},
		{"parameters and standard input", func(c *Config) {
			parameters(`x`, "x", "{{payload.x}}")(c)
			c.Handlers.Commands[0].PayloadStdin = true
		}, "handlers.commands[0].payload_stdin: the payload has params, or goes to standard input: keep one"},
		{"a platform that is none", func(c *Config) {
			parameters(`x`, "x", "{{payload.x}}")(c)
			c.Handlers.Commands[0].Platforms = []string{"ops", "*"}
		}, `handlers.commands[0].platforms[1]: "*" is not the name of a platform`},
		{"redis beside the embedded store", func(c *Config) { c.Queue.Driver, c.Queue.Redis.URL = "redis", "redis://h" }, "queue.driver: redis carries work between nodes, and the embedded store has one: use memory, or store.driver: postgres"},
		{"redis without an address", func(c *Config) { servers(c); c.Queue.Redis.URL = "" }, "queue.redis.url: is needed, e.g. redis://redis.example.org:6379/0; queue.redis.url_file reads it from a file"},
		{"redis with two addresses", func(c *Config) { servers(c); c.Queue.Redis.URLFile = "f" }, "queue.redis.url: is set, and queue.redis.url_file too: keep one"},
		{"redis over http", func(c *Config) { servers(c); c.Queue.Redis.URL = "http://h" }, "queue.redis.url: is not a redis://, rediss:// or unix:// address"},
		{"prefix with a space", func(c *Config) { servers(c); c.Queue.Redis.Prefix = "a b" }, `queue.redis.prefix: "a b" must be letters, digits and any of : . _ { } -, at most 64`},
		{"postgres without an address", func(c *Config) { c.Store.Driver = "postgres" }, "store.postgres.dsn: is needed, e.g. postgres://schedd@db.example.org/schedd; store.postgres.dsn_file reads it from a file"},
		{"postgres and redis", servers, ""},
		{"unknown driver", func(c *Config) { c.Store.Driver = "sqlit" }, `store.driver: "sqlit" is not one of sqlite, postgres (did you mean sqlite?)`},
		{"relaxed durability misspelt", func(c *Config) { c.Store.SQLite.Synchronous = "off" }, `store.sqlite.synchronous: "off" is not one of full, normal`},

		{"lease of two heartbeats", func(c *Config) { c.Worker.Lease = 10 * time.Second }, "worker.lease: 10s must be more than twice worker.heartbeat (5s): one late heartbeat would lose every run"},
		{"lease of a little more", func(c *Config) { c.Worker.Lease = 10*time.Second + 1 }, ""},
		{"rare reaper", func(c *Config) { c.Worker.ReapEvery = time.Minute }, "worker.reap_every: 1m must not be more than worker.lease (30s): dead workers would be found late"},
		{"no slots", func(c *Config) { c.Worker.Slots = 0 }, "worker.slots: 0 is not between 1 and 4096"},
		{"heartbeat of nothing", func(c *Config) { c.Worker.Heartbeat = 0 }, "worker.heartbeat: 0s is not between 500ms and 10m"},
		{"first retry after the longest", func(c *Config) { c.Worker.Defaults.RetryDelay = 2 * time.Hour }, "worker.defaults.retry_delay: 2h must not be more than worker.defaults.retry_max_delay (1h): the first delay would already be cut"},
		{"too many retries", func(c *Config) { c.Worker.Defaults.MaxRetries = 101 }, "worker.defaults.max_retries: 101 is not between 0 and 100"},

		{"job log above all", func(c *Config) { c.Limits.LogTotalBytes = 1 << 25 }, "limits.log_job_bytes: 67108864 must not be more than limits.log_total_bytes (33554432): one job would push out all others"},
		{"redaction of everything", func(c *Config) { c.Log.Redact = []string{"a", " "} }, "log.redact[1]: is empty: it would mask everything"},

		{"variable with a blank", func(c *Config) { c.Handlers.Exec.PassEnv = []string{"PATH", "A B"} }, `handlers.exec.pass_env[1]: "A B" is not the name of a variable`},
		{"relative shell", func(c *Config) { c.Handlers.Exec.Shell = "sh" }, `handlers.exec.shell: "sh" is not an absolute path`},
		{"free for all", func(c *Config) { c.Handlers.Exec.Free = "everybody" }, `handlers.exec.free: "everybody" is not one of admin, nobody`},
		{"address as a network", func(c *Config) { c.Handlers.HTTP.AllowPrivate = []string{"10.1.2.3"} }, `handlers.http.allow_private[0]: "10.1.2.3" is not a network such as 10.1.0.0/16`},
		{"everything private", func(c *Config) { c.Handlers.HTTP.AllowPrivate = []string{"10.0.0.0/8", "0.0.0.0/0"} }, `handlers.http.allow_private[1]: "0.0.0.0/0" allows every private address: name the networks that you mean`},
		{"everything private, version 6", func(c *Config) { c.Handlers.HTTP.AllowPrivate = []string{"::/0"} }, `handlers.http.allow_private[0]: "::/0" allows every private address: name the networks that you mean`},

		{"port that is none", func(c *Config) { c.Handlers.HTTP.AllowPorts = []int{8080, 0} }, "handlers.http.allow_ports[1]: 0 is not between 1 and 65535"},
		{"every private host", func(c *Config) { c.Handlers.HTTP.AllowPrivateHosts = []string{"*"} }, `handlers.http.allow_private_hosts[0]: "*" allows every private address: name the hosts that you mean`},

		{"command without a name", command(func(c *Command) { c.Name = "" }), "handlers.commands[0]: needs a name"},
		{"command with a bad name", command(func(c *Command) { c.Name = "a b" }), `handlers.commands[0].name: "a b" must be letters, digits, dots, hyphens and underscores, at most 64`},
		{"command named like ours", command(func(c *Command) { c.Name = "exec" }), `handlers.commands[0].name: "exec" is the name of the built-in handler too`},
		{"command without argv", command(func(c *Command) { c.Argv = nil }), "handlers.commands[0]: needs argv: the command and its arguments as a list"},
		{"relative command", command(func(c *Command) { c.Argv[0] = "true" }), `handlers.commands[0].argv[0]: "true" is not an absolute path: PATH is not searched`},
		{"missing command", command(func(c *Command) { c.Argv[0] = "/no/such/command" }), `handlers.commands[0].argv[0]: "/no/such/command": no such file or directory`},
		{"command that is no program", command(func(c *Command) { c.Argv[0] = plain }), `handlers.commands[0].argv[0]: "` + plain + `" is not executable`},
		{"command that is a directory", command(func(c *Command) { c.Argv[0] = "/bin" }), `handlers.commands[0].argv[0]: "/bin" is not executable`},
		{"command that is a shell", command(func(c *Command) { c.Argv[0] = "/bin/sh" }), `handlers.commands[0].argv[0]: "/bin/sh" is a shell, which reads its arguments as code: set allow_shell: true if you mean it`},
		{"shell that is meant", command(func(c *Command) { c.Argv[0], c.AllowShell = "/bin/sh", true }), ""},
		{"relative directory", command(func(c *Command) { c.Dir = "x" }), `handlers.commands[0].dir: "x" is not an absolute path`},
		{"bad variable", command(func(c *Command) { c.Env = []Pair{{"A=B", "c"}} }), `handlers.commands[0].env[0].name: "A=B" is not the name of a variable`},
		{"variable of ours", command(func(c *Command) { c.Env = []Pair{{"SCHEDD_JOB_ID", "c"}} }), `handlers.commands[0].env[0].name: "SCHEDD_JOB_ID" is not for you to set: schedd, or the loader of programs, does`},
		{"variable of the loader", command(func(c *Command) { c.Env = []Pair{{"LD_PRELOAD", "c"}} }), `handlers.commands[0].env[0].name: "LD_PRELOAD" is not for you to set: schedd, or the loader of programs, does`},
		{"long time-out", command(func(c *Command) { c.Timeout = 31 * day }), "handlers.commands[0].timeout: 31d is not between 0s and 720h"},

		{"no address", address(func(u *URL) { u.URL = "" }), "handlers.urls[0]: needs a url"},
		{"file address", address(func(u *URL) { u.URL = "file:///etc/passwd" }), "handlers.urls[0].url: is not an http:// or https:// address"},
		{"address without a host", address(func(u *URL) { u.URL = "http:///x" }), "handlers.urls[0].url: is not an http:// or https:// address"},
		{"password in the address", address(func(u *URL) { u.URL = "https://u:hunter2@example.org" }), "handlers.urls[0].url: holds a user or password: send an Authorization header instead"},
		{"method in lower case", address(func(u *URL) { u.Method = "post" }), `handlers.urls[0].method: "post" is not one of GET, HEAD, POST, PUT, PATCH, DELETE (did you mean POST?)`},
		{"header with a colon", address(func(u *URL) { u.Headers = []Pair{{"A:", "b"}} }), `handlers.urls[0].headers[0].name: "A:" is not the name of a header`},
		{"header with a line break", address(func(u *URL) { u.Headers = []Pair{{"A", "b\r\nC: d"}} }), "handlers.urls[0].headers[0].value: holds a line break"},
		{"one name, two handlers", func(c *Config) {
			command(func(*Command) {})(c)
			address(func(*URL) {})(c)
		}, `handlers.urls[0].name: "a" is the name of handlers.commands[0] too`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := usable()
			tt.change(&cfg)
			got := Validate(cfg).Error()
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Validate (-want +got):\n%s", diff)
			}
			if strings.Contains(got, "hunter2") {
				t.Error("a problem shows a password")
			}
		})
	}
}

// TestWordsAreTheDomainsWords holds the allowed words to those of package job.
func TestWordsAreTheDomainsWords(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"scheduler.misfire":             join(job.Misfires()),
		"worker.defaults.retry_backoff": join(job.Backoffs()),
		"worker.defaults.priority":      join(job.Priorities()),
	}
	for key, want := range tests {
		f, ok := findField(key)
		if got := f.tag.Get("oneof"); !ok || got != want {
			t.Errorf("%s takes %q, package job has %q", key, got, want)
		}
	}
	l := Default().Limits
	got, want := []int{l.LogJobBytes, l.LogTotalBytes}, []int{job.MaxJobLog, job.MaxTotalLog}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("caps on logs (-want +got):\n%s", diff)
	}
}

func join[T ~string](words []T) string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = string(w)
	}
	return strings.Join(all, "|")
}

func TestMode(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]os.FileMode{"0660": 0o660, "600": 0o600, "0777": 0o777} {
		if got := (Listen{SocketMode: text}).Mode(); got != want {
			t.Errorf("Mode of %q = %v, want %v", text, got, want)
		}
	}
}

// servers makes a configuration for many nodes.
func servers(c *Config) {
	c.Store.Driver, c.Store.Postgres.DSN = DriverPostgres, "postgres://schedd@db/schedd"
	c.Queue.Driver, c.Queue.Redis.URL = DriverRedis, "redis://h:6379/0"
}

func TestSecretsComeFromFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("dsn", "postgres://schedd:hunter2@db/schedd\n", 0o600)
	tests := []struct{ name, file, want string }{
		{"relative to the credentials", "dsn", ""},
		{"absolute", filepath.Join(dir, "dsn"), ""},
		{"missing", "nowhere", "store.postgres.dsn_file"},
		{"empty", write("empty", "\n", 0o600), "is empty"},
		{"writable by all", write("open", "x", 0o666), "chmod go-w"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg, _, err := Load(Options{NoFile: true, Env: []string{
				"SCHEDD_STORE_DRIVER=postgres", "SCHEDD_STORE_POSTGRES_DSN_FILE=" + tt.file, "CREDENTIALS_DIRECTORY=" + dir, "HOME=" + dir,
			}})
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Fatalf("Load() = %v, want an error with %q", err, tt.want)
				}
				return
			}
			if err != nil || cfg.Store.Postgres.DSN != "postgres://schedd:hunter2@db/schedd" {
				t.Fatalf("Load() = %q, %v; want the contents of the file", cfg.Store.Postgres.DSN, err)
			}
			var shown strings.Builder
			if err := Show(&shown, cfg, nil); err != nil || strings.Contains(shown.String(), "hunter2") {
				t.Errorf("Show tells the secret (%v):\n%s", err, shown.String())
			}
		})
	}
}

func TestPasswordsOfServersAreMasked(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{"postgres://schedd:hunter2@db/schedd", "host=db password=hunter2 user=schedd", "host=db password='hunter2 x'", "PASSWORD = hunter2"} {
		cfg := Default()
		cfg.Store.Postgres.DSN, cfg.Queue.Redis.URL = dsn, "redis://:hunter2@h"
		var shown strings.Builder
		if err := Show(&shown, cfg, nil); err != nil || strings.Contains(shown.String(), "hunter2") {
			t.Errorf("Show(%q) tells the password (%v):\n%s", dsn, err, shown.String())
		}
	}
}

// parameters sets a command with one parameter.
func parameters(pattern, name string, argv ...string) func(*Config) {
	return func(c *Config) {
		c.Handlers.Commands = []Command{{Name: "backup", Argv: append([]string{"/bin/true"}, argv...), Params: []Param{{Name: name, Pattern: pattern}}}}
	}
}
