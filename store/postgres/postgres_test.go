package postgres_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/postgres"
	"github.com/agentic-sdlc/scheduler/store/storetest"
)

// cluster is the server that the tests of this package share, with a migrated database
// to copy: migrating one for each test would be most of their time.
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
	if cluster.err = cluster.Exec("CREATE DATABASE ready"); cluster.err != nil {
		return
	}
	s, err := postgres.Open(context.Background(), postgres.Options{URL: cluster.DSN("ready"), Instance: "test"})
	if err != nil {
		cluster.err = err
		return
	}
	cluster.err = s.Close()
}

// database returns the address of a database of this test: a copy of the migrated one,
// or with empty set a new one.
func database(t testing.TB, empty bool) string {
	t.Helper()
	cluster.once.Do(start)
	if cluster.err != nil {
		t.Fatal(cluster.err)
	}
	name := fmt.Sprintf("test_%d", cluster.count.Add(1))
	template := "ready"
	if empty {
		template = "template1"
	}
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

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store {
		t.Helper()
		return open(t, postgres.Options{URL: database(t, false)})
	})
}

// name returns the database of an address that database returned.
func name(url string) string {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		panic(err)
	}
	return config.Database
}
