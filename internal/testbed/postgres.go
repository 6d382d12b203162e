package testbed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// superuser owns every cluster.
const superuser = "schedd"

// PostgresOptions configure a cluster. The zero value is useful.
type PostgresOptions struct {
	// Settings are lines of postgresql.conf without blanks, like
	// "max_connections=20"; they come after ours.
	Settings []string
	// SmallWAL gives the log segments of 1 MiB, so that LimitFiles may go down to that.
	SmallWAL bool
	// Port of loopback to listen on beside the socket; 0 = none. See FreePort.
	Port int
}

// PostgresServer is a private cluster. Its methods are not for concurrent use.
type PostgresServer struct {
	*server
	program  string
	settings []string
	port     int // which the socket is named by
}

// shared is the cluster that the tests of this process share.
var shared struct {
	once    sync.Once
	cluster *PostgresServer
	err     error
	created atomic.Int64
}

// Postgres returns the DSN of a fresh database of this test, which is dropped after
// it, in a cluster that all tests of the process share.
func Postgres(t testing.TB) string {
	t.Helper()
	needPostgres(t)
	shared.once.Do(func() { shared.cluster, shared.err = StartPostgres("", PostgresOptions{}) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	name := "test_" + strconv.FormatInt(shared.created.Add(1), 10)
	if err := shared.cluster.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := shared.cluster.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return shared.cluster.DSN(name)
}

// NewPostgres returns a cluster of this test alone, for tests that stop or kill it.
func NewPostgres(t testing.TB, o PostgresOptions) *PostgresServer {
	t.Helper()
	needPostgres(t)
	p, err := StartPostgres("", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of PostgreSQL:\n%s", p.Log())
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func needPostgres(t testing.TB) {
	t.Helper()
	for _, name := range []string{"postgres", "initdb"} {
		path, err := postgresTool(name)
		need(t, path, err)
	}
}

// StartPostgres makes a cluster in a new folder under dir ("": the temporary folder)
// and starts it. The caller closes it; the end of the process does so too. Every
// user must be allowed to enter dir when we are root.
func StartPostgres(dir string, o PostgresOptions) (*PostgresServer, error) {
	program, err := postgresTool("postgres")
	if err != nil {
		return nil, err
	}
	initdb, err := postgresTool("initdb")
	if err != nil {
		return nil, err
	}
	s, err := newServer(dir, "schedd-pg-")
	if err != nil {
		return nil, err
	}
	port, listen := 5432, ""
	if o.Port != 0 {
		port, listen = o.Port, "127.0.0.1"
	}
	p := &PostgresServer{server: s, program: program, port: port, settings: append([]string{
		"listen_addresses=" + listen, "port=" + strconv.Itoa(port), "unix_socket_directories=" + s.dir,
		"fsync=on", "synchronous_commit=on", "max_connections=200", "timezone=UTC",
	}, o.Settings...)}
	args := []string{"-D", s.path("data"), "-U", superuser, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"}
	if o.SmallWAL {
		args = append(args, "--wal-segsize=1")
	}
	cmd := s.command(initdb, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("initdb: %w\n%s", err, out), p.Close())
	}
	if err := p.Start(); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// Standby returns a cluster that follows p, and ends with the test. It serves reads until
// Promote.
func (p *PostgresServer) Standby(t testing.TB) *PostgresServer {
	t.Helper()
	tool, err := postgresTool("pg_basebackup")
	need(t, tool, err)
	s, err := newServer("", "schedd-pg-")
	if err != nil {
		t.Fatal(err)
	}
	settings := append(slices.Clone(p.settings), "unix_socket_directories="+s.dir) // the last one counts
	standby := &PostgresServer{server: s, program: p.program, settings: settings, port: p.port}
	t.Cleanup(func() {
		if err := standby.Close(); err != nil {
			t.Error(err)
		}
	})
	cmd := s.command(tool, "-D", s.path("data"), "-h", p.dir, "-U", superuser, "-R", "-X", "stream", "-c", "fast", "--no-sync")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("pg_basebackup: %v\n%s", err, out)
	}
	if err := standby.Start(); err != nil {
		t.Fatal(err)
	}
	return standby
}

// Promote makes a standby a primary.
func (p *PostgresServer) Promote() error { return p.Exec("SELECT pg_promote()") }

// Start starts the cluster again after Stop or Kill.
func (p *PostgresServer) Start() error {
	args := []string{"-D", p.path("data")}
	for _, setting := range p.settings {
		args = append(args, "-c", setting)
	}
	return p.start(func() error { return p.Exec("SELECT 1") }, p.program, args...)
}

// Stop ends the cluster in order; sessions are cut.
func (p *PostgresServer) Stop() error { return p.stop(syscall.SIGINT) }

// Kill ends every process of the cluster with SIGKILL, as a crash of the machine
// would. Start recovers it.
func (p *PostgresServer) Kill() error {
	if !p.running() {
		return nil
	}
	backends := children(p.Pid())
	err := p.stop(syscall.SIGKILL)
	for _, pid := range backends {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	// Start refuses while one of them holds the shared memory.
	Poll(patience, func() bool { return !slices.ContainsFunc(backends, lives) })
	return err
}

// LimitFiles bounds how long a file of the cluster may be, in bytes: tables that have
// that size cannot grow, as on a full disk, and no file may be longer already. 0 ends it.
func (p *PostgresServer) LimitFiles(bytes int64) error {
	limit := strconv.FormatInt(bytes, 10)
	if bytes == 0 {
		limit = "unlimited"
	}
	// As the server's user: root may lack what it takes. Children that come later have it
	// from their parent, which is first.
	limited := func(pid int) error {
		out, err := p.command("prlimit", "--pid", strconv.Itoa(pid), "--fsize="+limit+":").CombinedOutput()
		if err != nil && lives(pid) {
			return fmt.Errorf("limit the files of process %d: %w: %s", pid, err, out)
		}
		return nil
	}
	err := limited(p.Pid())
	for _, pid := range children(p.Pid()) {
		err = errors.Join(err, limited(pid))
	}
	return err
}

// Close ends the cluster and removes its folder.
func (p *PostgresServer) Close() error { return errors.Join(p.Kill(), p.server.Close()) }

// DSN returns the address of a database over the cluster's socket.
func (p *PostgresServer) DSN(database string) string {
	return "postgres://" + superuser + "@/" + database + "?sslmode=disable&port=" + strconv.Itoa(p.port) + "&host=" + url.QueryEscape(p.dir)
}

// DSNAt is DSN over TCP, for a Proxy in front of Socket.
func (p *PostgresServer) DSNAt(addr, database string) string {
	return "postgres://" + superuser + "@" + addr + "/" + database + "?sslmode=disable"
}

// Socket returns the path of the cluster's socket.
func (p *PostgresServer) Socket() string { return p.path(".s.PGSQL." + strconv.Itoa(p.port)) }

// SuspendLogWriter stops the process that writes the log ahead of commits, until Kill:
// what is not committed is not in the log then.
func (p *PostgresServer) SuspendLogWriter() error {
	for _, pid := range children(p.Pid()) {
		if title, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline")); bytes.Contains(title, []byte("walwriter")) {
			return syscall.Kill(pid, syscall.SIGSTOP)
		}
	}
	return errors.New("PostgreSQL has no walwriter")
}

// Exec runs statements in the database postgres.
func (p *PostgresServer) Exec(sql string) error {
	_, err := p.Query("postgres", sql)
	return err
}

// Query runs statements in a database and returns the first row of the last one that has
// rows, as text.
func (p *PostgresServer) Query(database, sql string) (row []string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgconn.Connect(ctx, p.DSN(database))
	if err != nil {
		return nil, err
	}
	results, err := conn.Exec(ctx, sql).ReadAll()
	for _, r := range results {
		if len(r.Rows) > 0 {
			row = nil
			for _, value := range r.Rows[0] {
				row = append(row, string(value))
			}
		}
	}
	return row, errors.Join(err, conn.Close(ctx))
}

// children returns the processes whose parent is pid.
func children(pid int) (all []int) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		if parent, _ := parentAndState(file); parent == strconv.Itoa(pid) {
			child, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			all = append(all, child)
		}
	}
	return all
}

// lives tells whether a process is there and more than a zombie.
func lives(pid int) bool {
	parent, state := parentAndState(fmt.Sprintf("/proc/%d/stat", pid))
	return parent != "" && state != "Z"
}

// parentAndState reads a stat file of /proc; "" when the process is gone.
func parentAndState(file string) (parent, state string) {
	text, _ := os.ReadFile(file)
	// The name before the last bracket may hold anything.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 2 {
		return "", ""
	}
	return fields[1], fields[0]
}
