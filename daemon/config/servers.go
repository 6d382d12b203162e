package config

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/agentic-sdlc/scheduler/job"
)

// credentials is the variable in which systemd names the folder of secrets.
const credentials = "CREDENTIALS_DIRECTORY"

var keyPrefix = regexp.MustCompile(`^[A-Za-z0-9:._{}-]{0,64}$`)

// servers checks how the store and the queue are reached.
func (ps *Problems) servers(cfg Config) {
	pg, redis := cfg.Store.Postgres, cfg.Queue.Redis
	if cfg.Store.Driver == DriverPostgres {
		ps.secret("store.postgres.dsn", pg.DSN, pg.DSNFile, "postgres://schedd@db.example.org/schedd")
	}
	if cfg.Queue.Driver == DriverRedis {
		ps.secret("queue.redis.url", redis.URL, redis.URLFile, "redis://redis.example.org:6379/0")
		ps.redisURL("queue.redis.url", redis.URL)
		if cfg.Store.Driver == DriverSQLite {
			ps.value("queue.driver", "redis carries work between nodes, and the embedded store has one: use %s, or store.driver: %s", DriverMemory, DriverPostgres)
		}
	}
	ps.either("agents.redis_url", cfg.Agents.RedisURL, cfg.Agents.RedisURLFile)
	ps.redisURL("agents.redis_url", cfg.Agents.RedisURL)
	for i, glob := range redis.Channels {
		if fault := job.EventNameFault(glob, true); fault != "" || job.IsSystemEvent(glob) {
			ps.value(fmt.Sprintf("queue.redis.channels[%d]", i), "%q is not a name of events with * and ?, such as ticket:*", glob)
		}
	}
	if !keyPrefix.MatchString(redis.Prefix) {
		ps.value("queue.redis.prefix", "%q must be letters, digits and any of : . _ { } -, at most 64", redis.Prefix)
	}
}

// secret checks a value that may come from a file.
func (ps *Problems) secret(key, value, file, example string) {
	switch {
	case value != "" && file != "":
		ps.value(key, "is set, and %s_file too: keep one", key)
	case value == "" && file == "":
		ps.value(key, "is needed, e.g. %s; %s_file reads it from a file", example, key)
	}
}

func (ps *Problems) redisURL(key, address string) {
	if address == "" {
		return
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "redis" && u.Scheme != "rediss" && u.Scheme != "unix" {
		ps.value(key, "is not a redis://, rediss:// or unix:// address")
	}
}

// readSecrets puts the contents of files in place of what they stand for, so that the
// rest of the program sees values only.
func readSecrets(cfg *Config, env environment) error {
	return errors.Join(
		atHome(&cfg.Listen.TLSCertFile, "listen.tls_cert_file", env),
		atHome(&cfg.Listen.TLSKeyFile, "listen.tls_key_file", env),
		readSecret(&cfg.Store.Postgres.DSN, cfg.Store.Postgres.DSNFile, "store.postgres.dsn_file", env),
		readSecret(&cfg.Queue.Redis.URL, cfg.Queue.Redis.URLFile, "queue.redis.url_file", env),
		readHandlerSecrets(&cfg.Handlers, env),
		readDeclared(cfg.Declared, env),
		readSecret(&cfg.Alerts.Ping.URL, cfg.Alerts.Ping.URLFile, "alerts.ping.url_file", env),
		readSecret(&cfg.Agents.RedisURL, cfg.Agents.RedisURLFile, "agents.redis_url_file", env),
	)
}

func readSecret(value *string, file, key string, env environment) error {
	if file == "" || *value != "" {
		return nil
	}
	if err := atHome(&file, key, env); err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	if info.Mode()&0o022 != 0 {
		return fmt.Errorf("%s: group or others may write %s: chmod go-w it", key, file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	if *value = strings.TrimSpace(string(text)); *value == "" {
		return fmt.Errorf("%s: %s is empty", key, file)
	}
	return nil
}

// atHome finds a relative path in the folder of secrets.
func atHome(file *string, key string, env environment) error {
	if *file == "" || filepath.IsAbs(*file) {
		return nil
	}
	dir := env[credentials]
	if dir == "" {
		return fmt.Errorf("%s: %q is relative, and there is no $%s", key, *file, credentials)
	}
	*file = filepath.Join(dir, *file)
	return nil
}

var dsnPassword = regexp.MustCompile(`(?i)(password\s*=\s*)('[^']*'|\S+)`)

// maskDSN hides the password of a data source name, in either form.
func maskDSN(dsn string, redact []string) string {
	if strings.Contains(dsn, "://") {
		return maskURL(dsn, redact)
	}
	return dsnPassword.ReplaceAllString(dsn, "${1}"+mask)
}
