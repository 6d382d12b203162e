package chaos

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
)

// binaries are the builds of schedd, by mutant; each is built once for all tests.
var binaries struct {
	sync.Mutex
	dir   string
	paths map[string]string
}

// binary builds schedd, "" for the sound one.
func binary(t *testing.T, mutant string) string {
	t.Helper()
	binaries.Lock()
	defer binaries.Unlock()
	if path := binaries.paths[mutant]; path != "" {
		return path
	}
	if binaries.dir == "" {
		dir, err := os.MkdirTemp("", "chaos-bin-")
		if err != nil {
			t.Fatal(err)
		}
		if err := testbed.Remove(dir); err != nil {
			t.Fatal(err)
		}
		binaries.dir, binaries.paths = dir, map[string]string{}
	}
	tags := "failpoint"
	if mutant != "" {
		tags += ",mutant_" + mutant
	}
	path := filepath.Join(binaries.dir, "schedd-"+mutant)
	out, err := exec.Command("go", "build", "-tags", tags, "-ldflags", "-s -w", "-o", path, "../../cmd/schedd").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	binaries.paths[mutant] = path
	return path
}

// setup says which daemons a run is about.
type setup struct {
	store  string // sqlite | postgres
	count  int    // of nodes
	mutant string // "" = the sound build
	older  string // an older build, which all nodes start with; "" = none
}

// site is the daemons of a run, and what they share.
type site struct {
	*testing.T
	setup
	dir      string
	nodes    []*node
	postgres *testbed.PostgresServer
	redis    *testbed.RedisServer
	toStore  []*testbed.Proxy // of each node
	toQueue  []*testbed.Proxy
	witness  *witness
	marks    string // the witness's file
}

// profile is the test profile: leases of two seconds.
const profile = `worker: {slots: 48, commands: 12, lease: 2s, heartbeat: 500ms, reap_every: 500ms, drain_timeout: 10s}
retention: {success: 0s, failed: 0s, one_time: 0s}
`

func newSite(t *testing.T, s setup) *site {
	t.Helper()
	schedd := binary(t, s.mutant)
	dir, err := os.MkdirTemp("", "chaos-") // short: sockets live in it
	if err != nil {
		t.Fatal(err)
	}
	if err := testbed.Remove(dir); err != nil {
		t.Fatal(err)
	}
	w := &site{T: t, setup: s, dir: dir, marks: filepath.Join(dir, "witness")}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	w.witness = newWitness(t, w.marks)
	config := profile + fmt.Sprintf("handlers: {http: {allow_ports: [%d], allow_private: [127.0.0.0/8]}}\n", w.witness.port())
	if s.store == "postgres" {
		w.postgres = testbed.NewPostgres(t, testbed.PostgresOptions{Settings: []string{"max_connections=100"}})
		w.redis = testbed.Redis(t)
		if err := w.postgres.Exec("CREATE DATABASE chaos"); err != nil {
			t.Fatal(err)
		}
	}
	for i := range s.count {
		name, own := string(rune('a'+i)), config
		env := []string{"SCHEDD_FAILPOINT_CLOCK=" + filepath.Join(dir, "clock-"+name), "SCHEDD_FAILPOINT_LOG=" + filepath.Join(dir, "refused")}
		if s.store == "postgres" {
			w.toStore = append(w.toStore, testbed.NewProxy(t, "unix", w.postgres.Socket()))
			w.toQueue = append(w.toQueue, testbed.NewProxy(t, "unix", w.redis.Socket()))
			own += fmt.Sprintf("store: {driver: postgres, postgres: {dsn: %q}}\nqueue: {driver: redis, redis: {url: %q}}\n",
				w.postgres.DSNAt(w.toStore[i].Addr(), "chaos"), "redis://"+w.toQueue[i].Addr()+"/0")
		}
		w.nodes = append(w.nodes, newNode(t, dir, name, schedd, own, env...))
		if s.older != "" {
			w.nodes[i].schedd = s.older
		}
	}
	t.Cleanup(func() {
		for _, n := range w.nodes {
			if n.proc != nil {
				n.kill()
			}
			if t.Failed() {
				t.Logf("log of node %s:\n%s", n.name, n.tail(30))
			}
		}
	})
	return w
}

// open starts all nodes.
func (w *site) open(ctx context.Context) {
	w.Helper()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for _, n := range w.nodes {
		n.start()
	}
	for _, n := range w.nodes {
		n.ready(ctx)
	}
	if ctx.Err() != nil {
		w.Fatalf("the nodes do not start: %v\n%s", w.nodes[0].deaths, w.nodes[0].tail(20))
	}
}
