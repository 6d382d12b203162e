package canary

import (
	"fmt"
	"net/url"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
)

// backends make the servers of a site and return what its configuration says of them.
var backends = map[string]func(s *site) string{
	"sqlite": func(*site) string { return "" },
	"postgres": func(s *site) string {
		s.postgres = testbed.NewPostgres(s.T, testbed.PostgresOptions{})
		lock := s.mint("password of Redis")
		// Every command that changes something is appended to a file, as it is.
		s.redis = testbed.NewRedis(s.T, testbed.RedisOptions{AOF: true, Settings: []string{"requirepass " + lock.value, "aof-use-rdb-preamble no"}})
		password := s.mintOdd("password of PostgreSQL")
		dsn, err := url.Parse(s.postgres.DSN("postgres"))
		if err != nil {
			s.Fatal(err)
		}
		dsn.User = url.UserPassword("schedd", password.value) // trusted whatever it is
		s.write("dsn", dsn.String())
		return fmt.Sprintf("store: {driver: postgres, postgres: {dsn_file: %q}}\nqueue: {driver: redis, redis: {url: %q}}\n",
			s.path("dsn"), "unix://:"+lock.value+"@"+s.redis.Socket())
	},
}

// configure writes a configuration that has a canary wherever it takes a secret, in files
// where it takes those.
func (s *site) configure(more string) {
	s.Helper()
	u, w := s.world.calls.URL, s.world
	file := func(name string, c *canary) string {
		s.write(name, c.value+"\n")
		return fmt.Sprintf("%q", s.path(name))
	}
	quoted := func(c *canary) string { return fmt.Sprintf("%q", c.value) }
	s.write("ping", u+"/ping/"+s.mint("path of the ping's URL", "received: /ping").value+"?key="+s.mint("query of the ping's URL", "received: /ping").value)
	s.write("down", u+"/fail/"+s.mint("path of a webhook that fails", "received: /fail").value)
	text := fmt.Sprintf(`node_id: node
data_dir: %[1]s
listen: {socket: %[2]s, http: %[3]s, metrics: "127.0.0.1:%[4]d"}
log: {level: debug, format: json}
worker: {drain_timeout: 2s}
tracing: {enabled: true, endpoint: %[5]q}
alerts: {evaluate_every: 1s, ping: {url_file: %[6]q, every: 1s}}
agents: {wait: 2s}
handlers:
  http: {allow_private: [127.0.0.0/8], allow_ports: [%[7]s, %[8]s, 9]}
  commands:
    - {name: tell, argv: [/bin/sh, -c, 'env; printf "%%s" "$API_TOKEN" | base64 -w0; echo; echo "got $API_TOKEN" >&2; exit 3'], allow_shell: true, env: [{name: API_TOKEN, value: %[9]s}]}
  urls:
    - {name: echo, url: "%[5]s/echo", headers: [{name: Authorization, value: %[10]s}]}
    - {name: broken, url: %[11]q, headers: [{name: X-Api-Key, value: %[12]s}]}
    - {name: signed, url: "%[5]s/ok", secret: %[13]s}
  channels:
    - {name: mail, type: email, host: 127.0.0.1, port: %[14]d, tls: implicit, ca_file: %[15]q, username: schedd, password_file: %[16]s, from: schedd@example.org, to: [ops@example.org]}
    - {name: mail-down, type: email, host: 127.0.0.1, port: %[14]d, tls: implicit, ca_file: %[15]q, username: schedd, password: %[17]s, from: schedd@example.org, to: [ops@example.org]}
    - {name: slack, type: slack, url: %[18]q}
    - {name: pager, type: webhook, url: "%[5]s/ok", secret_file: %[19]s}
    - {name: pager-down, type: webhook, url_file: %[20]q, secret: %[21]s}
    - {name: pager-gone, type: webhook, url: %[22]q}
  knowledge_base: {url: "%[5]s/kb"}
secrets:
  - {name: inline, value: %[24]s, handlers: [exec, http]}
  - {name: in-file, file: %[25]s, handlers: [exec, http, send-notification]}
  - {name: in-env, env: FIRST_SECRET, handlers: [http]}
%[23]s`, s.path("data"), s.path("s"), s.address, testbed.FreePort(s.T), u, s.path("ping"), port(w.calls), port(w.away),
		quoted(s.mintOdd("variable of a declared command")),
		quoted(s.mint("header of a declared call", "received: /echo")),
		u+"/fail?key="+s.mint("query of a declared call", "received: /fail").value,
		quoted(s.mint("header of a declared call that fails", "received: /fail")),
		quoted(s.mint("secret that signs a declared call")),
		w.mail.Port(), w.ca, file("mail", w.letters), quoted(s.mint("wrong password of a mail channel")),
		u+"/ok/"+s.mint("path of Slack's URL", "received: /ok").value,
		file("sign", s.mint("secret that signs what a webhook gets")),
		s.path("down"), quoted(s.mint("secret of a webhook that fails")),
		"http://127.0.0.1:9/"+s.mint("path of a webhook that is gone").value, more,
		quoted(s.mintOdd("declared secret")), file("declared", s.mint("declared secret in a file", "received: /ok")))
	s.write("schedd.yaml", text)
	s.env = []string{
		"FIRST_SECRET=" + s.mint("declared secret in a variable", "received: /fail").value,
		"SCHEDD_HANDLERS_KNOWLEDGE_BASE_TOKEN=" + s.mint("token of the knowledge base, in a variable", "received: /kb").value,
		"AWS_SECRET_ACCESS_KEY=" + s.mint("variable of schedd that is not its business").value,
		"OTEL_EXPORTER_OTLP_HEADERS=authorization=" + s.mint("header for spans", "received: /v1").value,
	}
}
