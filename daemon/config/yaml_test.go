package config

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFileProblems(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       []string
	}{
		{"unknown key", "listen:\n  sokcet: x\n", []string{"FILE:2:3: listen.sokcet: unknown key (did you mean listen.socket?)"}},
		{"unknown section", "lisen: {}\n", []string{"FILE:1:1: lisen: unknown key (did you mean listen?)"}},
		{"known elsewhere", "slots: 3\n", []string{"FILE:1:1: slots: unknown key (did you mean worker.slots?)"}},
		{"like nothing", "colour: red\n", []string{"FILE:1:1: colour: unknown key"}},
		{"wrong case", "Listen: {}\nlog: {LEVEL: info}\n", []string{
			"FILE:1:1: Listen: unknown key: keys are in lower case (did you mean listen?)",
			"FILE:2:7: log.LEVEL: unknown key: keys are in lower case (did you mean log.level?)",
		}},
		{"duplicate", "worker:\n  slots: 1\n  slots: 2\nworker: {}\n", []string{
			"FILE:3:3: worker.slots: is given twice: first on line 2",
			"FILE:4:1: worker: is given twice: first on line 1",
		}},
		{"inside a list", "handlers:\n  commands:\n  - {name: a, argv: [/bin/true], colour: red}\n  - {name: b, argv: [/bin/true], Dir: /}\n", []string{
			"FILE:3:34: handlers.commands[0].colour: unknown key",
			"FILE:4:34: handlers.commands[1].Dir: unknown key: keys are in lower case (did you mean handlers.commands[1].dir?)",
		}},
		{"number", "worker: {slots: many}\n", []string{`FILE:1:17: worker.slots: "many" is not a whole number`}},
		{"fraction", "worker: {slots: 1.5}\n", []string{`FILE:1:17: worker.slots: "1.5" is not a whole number`}},
		{"truth", "store: {auto_migrate: yes}\n", []string{`FILE:1:23: store.auto_migrate: "yes" is not true or false`}},
		{"duration without a unit", "worker: {lease: 30}\n", []string{`FILE:1:17: worker.lease: "30" has no unit: write 30s for seconds`}},
		{"negative duration", "worker: {lease: -5s}\n", []string{`FILE:1:17: worker.lease: "-5s" is negative`}},
		{"list for a value", "timezone: [UTC]\n", []string{"FILE:1:11: timezone: must be a single value, not a list"}},
		{"keys for a value", "timezone: {a: b}\n", []string{"FILE:1:11: timezone: must be a single value, not keys"}},
		{"value for a list", "roles: api\n", []string{`FILE:1:8: roles: must be a list, not "api"`}},
		{"value for a section", "log: debug\n", []string{`FILE:1:6: log: holds keys (level, format, redact), not "debug"`}},
		{"list for the whole", "- a\n", []string{"FILE:1:1: holds keys (node_id, roles, data_dir, jobs_dir, timezone, listen, store, queue, scheduler, worker, handlers, agents, secrets, alerts, limits, health, retention, log, tracing), not a list"}},
		{"value in a list of named things", "handlers: {urls: [x]}\n", []string{
			`FILE:1:19: handlers.urls[0]: holds keys (name, url, method, headers, secret, secret_file, expect_status, timeout, description), not "x"`,
			"FILE:1:19: handlers.urls[0]: needs a name",
			"FILE:1:19: handlers.urls[0]: needs a url",
		}},
		{"list in a list of words", "roles: [[api]]\n", []string{
			"FILE:1:9: roles[0]: must be a single value, not a list",
			"FILE:1:8: roles: is empty: a node with nothing to do",
		}},
		{"alias", "node_id: &a x\ntimezone: *a\n", []string{
			"FILE:1:10: node_id: anchors (&a) are not allowed; quote a text that starts with &",
			"FILE:2:11: timezone: aliases (*a) are not allowed; quote a text that starts with *",
		}},
		{"merge key", "log: {<<: {level: info}}\n", []string{"FILE:1:7: log.<<: unknown key"}},
		{"tag", "node_id: !!binary eA==\n", []string{"FILE:1:10: node_id: tags (!!binary) are not allowed; quote a text that starts with !"}},
		{"unquoted star", "handlers: {http: {allow_hosts: [*]}}\n", []string{
			"FILE:1:1: syntax error: did not find expected alphabetic or numeric character (quote a text that starts with * or &)",
		}},
		{"two documents", "timezone: UTC\n---\ntimezone: UTC\n", []string{"FILE:2:1: a second document starts here: one file holds one configuration"}},
		{"syntax", "worker:\n\tslots: 3\n", []string{"FILE:2:1: syntax error: found character that cannot start any token"}},
		{"traces", "tracing:\n  endpoint: collector:4318\n  sample_ratio: 1.5\n", []string{
			"FILE:3:17: tracing.sample_ratio: 1.5 is not between 0 and 1",
			`FILE:2:13: tracing.endpoint: "collector:4318" is not a URL such as http://127.0.0.1:4318`,
		}},
		{"alerts", "alerts:\n  evaluate_every: 0s\n  ping:\n    url: hc-ping.com/x\n    every: 2h\n", []string{
			"FILE:2:19: alerts.evaluate_every: 0s is not between 1s and 10m", "FILE:5:12: alerts.ping.every: 2h is not between 1s and 1h",
			"FILE:4:10: alerts.ping.url: is not an http:// or https:// address without a password, such as https://hc-ping.com/UUID",
		}},
		{"a ratio in words", "tracing: {sample_ratio: all}\n", []string{`FILE:1:25: tracing.sample_ratio: "all" is not a number`}},
		{"null is the default", "timezone:\nlog: ~\nroles: null\n", nil},
		{"octal without quotes", "listen: {socket_mode: 0600}\n", nil},
		{"everything at once", "timezone: Mars\nworker:\n  slots: 0\n  lease: 8s\n  colour: red\nstore: {driver: mysql}\n", []string{
			"FILE:5:3: worker.colour: unknown key",
			`FILE:6:17: store.driver: "mysql" is not one of sqlite, postgres`,
			"FILE:3:10: worker.slots: 0 is not between 1 and 4096",
			`FILE:1:11: timezone: "Mars" is not a zone name such as UTC or Europe/Berlin`,
			"FILE:4:10: worker.lease: 8s must be more than twice worker.heartbeat (5s): one late heartbeat would lose every run",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, problemsOf(t, file(t, tt.text), Options{})); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEveryKeyIsTypeChecked gives each key a value of a wrong type.
func TestEveryKeyIsTypeChecked(t *testing.T) {
	t.Parallel()
	for _, f := range fields() {
		t.Run(f.key, func(t *testing.T) {
			t.Parallel()
			var text strings.Builder
			for i, part := range strings.Split(f.key, ".") {
				text.WriteString("\n" + strings.Repeat("  ", i) + part + ":")
			}
			text.WriteString(" {wrong: type}\n")
			got := problemsOf(t, file(t, text.String()), Options{})
			if !slices.ContainsFunc(got, func(p string) bool { return strings.Contains(p, ": "+f.key+": must be ") }) {
				t.Errorf("problems = %q, want one that says what %s must be", got, f.key)
			}
		})
	}
}

func FuzzParseFile(f *testing.F) {
	for _, s := range []string{"worker: {slots: 1}\n", "a: &a [*a]\n", "- x\n", "? [a]\n: b\n", "{}", "roles: [api, [x], {y: z}]", "\"\":\n", "---\n---\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d := parseFile("f", []byte(s))
		for _, p := range d.problems {
			if p.Where == "" || p.Message == "" {
				t.Errorf("a problem without a place or a text: %+v", p)
			}
		}
	})
}
