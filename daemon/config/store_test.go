package config

import (
	"strings"
	"testing"
)

func TestWithStore(t *testing.T) {
	t.Parallel()
	base := Default()
	base.DataDir = "/var/lib/schedd"
	known := base
	known.Store.Postgres.DSN, known.Store.Postgres.DSNFile = "postgres://u:secret@h/d", "/etc/schedd/dsn"
	tests := []struct {
		cfg   Config
		to    string
		place string // or error
		lines string
	}{
		{base, "postgres://u:secret@h/d", "postgres://u:", `dsn: "postgres://u:`},
		{base, "host=h user=u password=secret dbname=d", "host=h user=u password=", `dsn: "host=h`},
		{base, "sqlite:/srv/x.db", "/srv/x.db", `path: "/srv/x.db"`},
		{base, "sqlite", "/var/lib/schedd/schedd.db", "driver: sqlite"},
		{known, "postgres", "postgres://u:", `dsn_file: "/etc/schedd/dsn"`},
		{known, "postgres://other/d", "postgres://other/d", `dsn: "postgres://other/d"`},
		{base, "postgres", "store.postgres.dsn is not set", ""},
		{base, "mysql://h/d", "is no store", ""},
		{base, "", "is no store", ""},
		{base, "sqlite:", "is no store", ""},
	}
	for _, tt := range tests {
		got, err := tt.cfg.WithStore(tt.to)
		if tt.lines == "" {
			if err == nil || !strings.Contains(err.Error(), tt.place) {
				t.Errorf("WithStore(%q) = %v, want an error with %q", tt.to, err, tt.place)
			}
			continue
		}
		lines := strings.Join(got.Lines(), "\n")
		if err != nil || !strings.HasPrefix(got.Place(), tt.place) || !strings.Contains(lines, tt.lines) {
			t.Errorf("WithStore(%q) = %q, %v, lines\n%s\nwant %q and %q", tt.to, got.Place(), err, lines, tt.place, tt.lines)
		}
		if strings.Contains(got.Place()+lines, "secret") {
			t.Errorf("WithStore(%q) shows the password: %s\n%s", tt.to, got.Place(), lines)
		}
	}
}
