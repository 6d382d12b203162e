package redis_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue/redis"
)

// TestTLS: a server with a certificate of an authority of its own, that wants one from its
// clients and a password, is trusted by who knows the authority, and by nobody else.
func TestTLS(t *testing.T) {
	t.Parallel()
	ours, theirs := testbed.NewAuthority(t), testbed.NewAuthority(t)
	cert, key := ours.Issue(t, "server")
	shown, secret := ours.Issue(t, "client")
	port := testbed.FreePort(t)
	testbed.Redis(t, fmt.Sprintf("tls-port %d", port), "bind 127.0.0.1", "tls-cert-file "+cert, "tls-key-file "+key, "tls-ca-cert-file "+ours.CA, "tls-auth-clients yes", "requirepass s3cr3t%")
	address := func(scheme, password string, files ...string) string {
		q := url.Values{}
		for _, f := range files {
			name, file, _ := strings.Cut(f, "=")
			q.Set(name, file)
		}
		return (&url.URL{Scheme: scheme, User: url.UserPassword("", password), Host: fmt.Sprintf("127.0.0.1:%d", port), Path: "/0", RawQuery: q.Encode()}).String()
	}
	known, client, clientKey := "sslrootcert="+ours.CA, "sslcert="+shown, "sslkey="+secret

	good := address("rediss", "s3cr3t%", known, client, clientKey)
	q := open(t, redis.Options{URL: good})
	all := messages(3)
	announce(t, q, all...)
	got := receive(t, q, 10)
	if len(got) != 3 {
		t.Fatalf("%d messages came over TLS, want 3", len(got))
	}
	ack(t, q, got...)
	bus, err := redis.NewBus(redis.BusOptions{URL: good})
	if err != nil {
		t.Fatal(err)
	}
	if err := bus.Close(); err != nil {
		t.Error(err)
	}

	for what, bad := range map[string]string{
		"the system's authorities": address("rediss", "s3cr3t%", client, clientKey),
		"another authority":        address("rediss", "s3cr3t%", "sslrootcert="+theirs.CA, client, clientKey),
		"no certificate to show":   address("rediss", "s3cr3t%", known),
		"no TLS":                   address("redis", "s3cr3t%"),
		"another password":         address("rediss", "wrong", known, client, clientKey),
	} {
		err := open(t, redis.Options{URL: bad}).Announce(t.Context(), messages(1))
		wantCode(t, "Announce with "+what, err, job.Unavailable)
		if err != nil && (strings.Contains(err.Error(), "s3cr3t") || strings.Contains(err.Error(), "wrong")) {
			t.Errorf("with %s the error tells the password: %v", what, err)
		}
	}
	for what, bad := range map[string]string{
		"a file that is not there": address("rediss", "s3cr3t%", "sslrootcert=/nowhere/ca.pem"),
		"a file without any":       address("rediss", "s3cr3t%", "sslrootcert="+secret),
		"a key missing":            address("rediss", "s3cr3t%", known, client),
		"files without TLS":        address("redis", "s3cr3t%", known),
		"an option of nobody":      address("rediss", "s3cr3t%", "sslmode=require"),
	} {
		_, err := redis.New(redis.Options{URL: bad})
		wantCode(t, "New with "+what, err, job.Invalid)
		if err != nil && strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("with %s the error tells the password: %v", what, err)
		}
	}
}
