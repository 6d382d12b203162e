package main

import "strings"

// badConfigs are rows B86 to B94: what schedd reads.
func badConfigs() []badRow {
	command := func(fields string) string {
		return "handlers:\n  commands:\n    - {name: bad, " + fields + "}\n"
	}
	usage := "a bad configuration exits with 78 (design §8)"
	var all []try
	rows := []badRow{
		{86, "keys and values that are wrong", usage, []try{
			config(78, `schedd.yaml:1:1: `, "nod_id: x\n"),
			config(78, `did you mean`, "worker:\n  slot: 3\n"),
			config(78, `schedd.yaml:2:`, "worker:\n  slots: many\n"),
			config(78, `twice`, "worker:\n  slots: 3\n  slots: 4\n"),
			config(78, `unit`, "worker:\n  lease: 30\n"),
			config(78, `schedd.yaml:2:`, "worker:\n  lease: -30s\n"),
			config(78, ``, "log:\n  level: luod\n"),
			config(78, ``, "a: \x00\n"),
			config(78, ``, "#"+strings.Repeat("x", 2<<20)),
			config(78, ``, "worker: [\n"),
			config(78, ``, "worker: &a {slots: 3}\nlog: *a\n"),
			config(78, `is empty: "schedd config init" prints one to start from`, ""),
		}},
		{87, "files that others may write", usage, []try{
			config(78, "missing: cannot read it", "jobs_dir: $DIR/missing\n"),
			loose(),
		}},
		{88, "durations that contradict", usage, []try{
			config(78, "heartbeat", "worker: {lease: 10s, heartbeat: 5s}\n"),
			config(78, "max_conns", "store: {driver: postgres, postgres: {dsn: 'host=/x', max_conns: 0}}\n"),
			config(78, "request_burst", "listen: {request_rate: 10, request_burst: 5}\n"),
			config(78, "slots", "worker: {slots: 0}\n"),
		}},
		{89, "the network in clear, or nowhere", usage, []try{
			config(78, "takes TLS", "listen: {http: '0.0.0.0:7070'}\n"),
			config(78, "a certificate needs its key", "listen: {http: '127.0.0.1:7070', tls_cert_file: $DIR/a.crt}\n"),
			config(78, "no such file", "listen: {http: '127.0.0.1:7070', tls_cert_file: $DIR/a.crt, tls_key_file: $DIR/a.key}\n"),
			config(78, "listen.http", "listen: {http: nowhere}\n"),
			shell(3, "", "schedd serve --config schedd.yaml"), // it runs already
		}},
		{90, "stores", usage, []try{
			config(78, "postgres", "store: {driver: postgres}\n"),
			config(78, "postgres", "store: {driver: postgres, postgres: {dsn: a, dsn_file: b}}\n"),
			config(78, "", "store: {driver: postgres, postgres: {dsn_file: $DIR/missing}}\n"),
			config(78, "driver", "store: {driver: mysql}\n"),
		}},
		{91, "commands that cannot run", usage, []try{
			config(78, "absolute", command("argv: [true]")),
			config(78, "", command("argv: [/nonexistent]")),
			config(78, "", command("argv: [/etc/passwd]")),
			config(78, "payload.db", command("argv: [/bin/echo, '{{payload.db}}']")),
			config(78, "allow_shell", command("argv: [/bin/sh, -c, ls]")),
			config(78, "argv", command("argv: []")),
			config(0, "", command("argv: [/bin/sh, -c, ls], allow_shell: true")),
		}},
		{92, "every private address at once", usage, []try{
			config(78, "allow_private", "handlers: {http: {allow_private: [0.0.0.0/0]}}\n"),
			config(78, "allow_private", "handlers: {http: {allow_private: ['::/0']}}\n"),
			config(78, "allow_private", "handlers: {http: {allow_private: [10.0.0.0/99]}}\n"),
		}},
		{93, "help with a broken configuration", "", []try{
			shell(0, "schedd", "printf 'nonsense: [' >broken.yaml; schedd --version --config broken.yaml"),
			shell(0, "Usage", "schedd --help"),
			shell(0, "Usage", "schedd serve --help --config broken.yaml"),
			shell(0, "schedctl", "printf 'nonsense: [' >broken.yaml; SCHEDCTL_CONFIG=broken.yaml schedctl --version"),
		}},
	}
	for _, r := range rows { // config check is what they are tried with; it must leave nothing behind
		for _, t := range r.tries {
			if strings.HasPrefix(t.input, "listen:") || strings.HasPrefix(t.input, "store:") {
				t := t
				send := t.send
				t.send = func(s *badSite) reply {
					first, second := send(s), send(s)
					if first.status != second.status {
						second.status = -1
					}
					return second
				}
				all = append(all, t)
			}
		}
	}
	return append(rows, badRow{94, "the same, checked again", usage, all})
}

// loose is a configuration that everybody may write.
func loose() try {
	return shell(78, "chmod", "mkdir -p loose && printf 'handlers: {commands: [{name: bad, argv: [/bin/true]}]}\\n' >loose/schedd.yaml && chmod 666 loose/schedd.yaml && schedd config check --config loose/schedd.yaml")
}
