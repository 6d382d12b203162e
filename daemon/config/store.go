package config

import (
	"fmt"
	"path/filepath"
	"strings"
)

// File is where the embedded store is.
func (c *Config) File() string {
	if c.Store.SQLite.Path != "" {
		return c.Store.SQLite.Path
	}
	return filepath.Join(c.DataDir, "schedd.db")
}

// WithStore returns the configuration with another store: "postgres" or "sqlite", which
// are where the configuration says, the address of a PostgreSQL database, or
// sqlite:PATH.
func (c Config) WithStore(to string) (Config, error) {
	path, file := strings.CutPrefix(to, "sqlite:")
	switch {
	case to == DriverSQLite:
		c.Store.Driver = DriverSQLite
	case to == DriverPostgres && c.Store.Postgres.DSN == "":
		return c, fmt.Errorf("store.postgres.dsn is not set: set it, or give the address of the database")
	case to == DriverPostgres:
		c.Store.Driver = DriverPostgres
	case file && path != "":
		absolute, err := filepath.Abs(path)
		if err != nil {
			return c, err
		}
		c.Store.Driver, c.Store.SQLite.Path = DriverSQLite, absolute
	case strings.HasPrefix(to, "postgres://"), strings.HasPrefix(to, "postgresql://"), !file && strings.Contains(to, "="):
		c.Store.Driver, c.Store.Postgres.DSN, c.Store.Postgres.DSNFile = DriverPostgres, to, ""
	default:
		return c, fmt.Errorf("%q is no store: use postgres://USER@HOST/DATABASE, sqlite:PATH, or postgres or sqlite for the one of the configuration", to)
	}
	return c, nil
}

// Place names the store, without its password.
func (c *Config) Place() string {
	if c.Store.Driver == DriverSQLite {
		return c.File()
	}
	return maskDSN(c.Store.Postgres.DSN, c.Log.Redact)
}

// Lines are the lines of a configuration that choose the store.
func (c *Config) Lines() []string {
	if c.Store.Driver == DriverSQLite {
		return []string{"store:", "  driver: sqlite", "  sqlite:", "    path: " + quoted(c.File())}
	}
	lines := []string{"store:", "  driver: postgres", "  postgres:"}
	if c.Store.Postgres.DSNFile != "" {
		return append(lines, "    dsn_file: "+quoted(c.Store.Postgres.DSNFile))
	}
	return append(lines, "    dsn: "+quoted(c.Place()))
}

// quoted is a YAML scalar.
func quoted(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` }
