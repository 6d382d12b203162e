package postgres_test

import (
	"context"
	"fmt"
	"hash/crc32"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/postgres"
	"github.com/agentic-sdlc/scheduler/store/storetest"
)

// tenants is the role behind the wall of tests; see wall.go.
const tenants = "tests tenants" // a name that must be quoted

// cluster is the server that the tests of this package share, with migrated databases to
// copy, one without a wall and one with: migrating one for each test would be most of
// their time.
var cluster struct {
	once sync.Once
	*testbed.PostgresServer
	err   error
	count atomic.Int64
}

func TestMain(m *testing.M) {
	code := m.Run()
	if cluster.PostgresServer != nil {
		if err := cluster.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

func start() {
	if cluster.PostgresServer, cluster.err = testbed.StartPostgres("", testbed.PostgresOptions{Settings: []string{"max_connections=400"}}); cluster.err != nil {
		return
	}
	for _, statement := range []string{`CREATE ROLE "` + tenants + `" NOLOGIN`, "CREATE DATABASE ready", "CREATE DATABASE walled"} {
		if cluster.err = cluster.Exec(statement); cluster.err != nil {
			return
		}
	}
	for name, role := range map[string]string{"ready": "", "walled": tenants} {
		s, err := postgres.Open(context.Background(), postgres.Options{URL: cluster.DSN(name), Instance: "test", TenantRole: role})
		if err == nil {
			err = s.Close()
		}
		if cluster.err = err; err != nil {
			return
		}
	}
}

// walled returns the address of a database of this test whose wall stands.
func walled(t testing.TB) string {
	t.Helper()
	return copied(t, "walled")
}

// database returns the address of a database of this test: a copy of the migrated one,
// or with empty set a new one.
func database(t testing.TB, empty bool) string {
	t.Helper()
	if empty {
		return copied(t, "template1")
	}
	return copied(t, "ready")
}

func copied(t testing.TB, template string) string {
	t.Helper()
	cluster.once.Do(start)
	if cluster.err != nil {
		t.Fatal(cluster.err)
	}
	name := fmt.Sprintf("test_%d", cluster.count.Add(1))
	if err := cluster.Exec("CREATE DATABASE " + name + " TEMPLATE " + template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return cluster.DSN(name)
}

func open(t testing.TB, o postgres.Options) *postgres.Store {
	t.Helper()
	if o.Instance == "" {
		o.Instance = "test"
	}
	s, err := postgres.Open(context.Background(), o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// TestStore runs the suite, half of it behind the wall; TestExecModes has the other half
// there.
func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store {
		t.Helper()
		return byTurns(t, 0, "")
	})
}

// byTurns opens a store behind the wall in every other test of the suite.
func byTurns(t *testing.T, turn uint32, execMode string) *postgres.Store {
	t.Helper()
	_, test, _ := strings.Cut(t.Name(), "/")
	if crc32.ChecksumIEEE([]byte(test))%2 == turn {
		return open(t, postgres.Options{URL: walled(t), ExecMode: execMode, TenantRole: tenants})
	}
	return open(t, postgres.Options{URL: database(t, false), ExecMode: execMode})
}

// name returns the database of an address that database returned.
func name(url string) string {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		panic(err)
	}
	return config.Database
}
