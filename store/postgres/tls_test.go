package postgres_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store/postgres"
)

// TestTLS: a server with a certificate of an authority of its own and a password is used
// by who knows both, with the password in a file, and by nobody else.
func TestTLS(t *testing.T) {
	t.Parallel()
	ours, theirs := testbed.NewAuthority(t), testbed.NewAuthority(t)
	cert, key := ours.Issue(t, "localhost")
	port := testbed.FreePort(t)
	server := testbed.NewPostgres(t, testbed.PostgresOptions{Port: port, Settings: []string{"ssl=on", "ssl_cert_file=" + cert, "ssl_key_file=" + key}})
	if err := os.WriteFile(filepath.Join(server.Dir(), "data", "pg_hba.conf"), []byte("local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"ALTER ROLE schedd PASSWORD 's3cr3t'", "SELECT pg_reload_conf()"} {
		if err := server.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	file := func(password string) string {
		name := filepath.Join(t.TempDir(), "pass")
		if err := os.WriteFile(name, []byte("*:*:*:schedd:"+password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	address := func(host, mode, authority, password string) string {
		return fmt.Sprintf("host=%s port=%d user=schedd dbname=postgres sslmode=%s sslrootcert=%s passfile=%s", host, port, mode, authority, file(password))
	}
	s := open(t, postgres.Options{URL: address("localhost", "verify-full", ours.CA, "s3cr3t")})
	r := newRig(t, s, 1)
	r.now = r.now.AddDate(0, 0, 1)
	r.settle(r.plan(10, true).Claimed)
	if n := number(t, server.DSN("postgres"), "SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE s.ssl AND a.application_name = 'schedd'"); n == 0 {
		t.Error("no connection of the store is encrypted")
	}
	for what, bad := range map[string]string{
		"another authority": address("localhost", "verify-full", theirs.CA, "s3cr3t"),
		"another name":      address("127.0.0.2", "verify-full", ours.CA, "s3cr3t"),
		"another password":  address("localhost", "verify-full", ours.CA, "wrong"),
		"no TLS":            address("localhost", "disable", ours.CA, "s3cr3t"),
	} {
		_, err := postgres.Open(context.Background(), postgres.Options{URL: bad, Instance: "test"})
		if code := job.CodeOf(err); code != job.Unavailable {
			t.Errorf("Open with %s = %v, want unavailable", what, err)
		}
		if err != nil && (strings.Contains(err.Error(), "s3cr3t") || strings.Contains(err.Error(), "wrong")) {
			t.Errorf("with %s the error tells the password: %v", what, err)
		}
	}
}
