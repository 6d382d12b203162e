package testbed

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// RedisOptions configure a server. The zero value keeps nothing on disk.
type RedisOptions struct {
	// AOF appends every command to a file that is synchronised each second.
	AOF bool
	// Settings are options of the configuration, like "maxmemory 10mb".
	Settings []string
}

// RedisServer is a private Redis process. Its methods are not for concurrent use.
type RedisServer struct {
	*server
	program string
	options RedisOptions
}

// Redis returns a server of this test alone.
func Redis(t testing.TB, settings ...string) *RedisServer {
	t.Helper()
	return NewRedis(t, RedisOptions{Settings: settings})
}

// NewRedis is Redis with all options.
func NewRedis(t testing.TB, o RedisOptions) *RedisServer {
	t.Helper()
	path, err := redisTool()
	need(t, path, err)
	r, err := StartRedis("", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// StartRedis starts a server in a new folder under dir ("": the temporary folder).
// The caller closes it; the end of the process does so too.
func StartRedis(dir string, o RedisOptions) (*RedisServer, error) {
	program, err := redisTool()
	if err != nil {
		return nil, err
	}
	s, err := newServer(dir, "schedd-redis-")
	if err != nil {
		return nil, err
	}
	r := &RedisServer{server: s, program: program, options: o}
	if err := r.Start(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Start starts the server again after Stop or Kill. Without AOF it is empty.
func (r *RedisServer) Start() error {
	args := []string{"--port", "0", "--unixsocket", r.Socket(), "--unixsocketperm", "777", "--dir", r.dir, "--save", "", "--appendonly", "no"}
	if r.options.AOF {
		args[len(args)-1] = "yes"
	}
	for _, setting := range r.options.Settings {
		name, value, _ := strings.Cut(setting, " ")
		args = append(args, "--"+name, value)
	}
	return r.start(func() error {
		reply, err := r.Do("PING")
		// A server that wants a password is ready too.
		if err == nil && reply != "+PONG" && !strings.HasPrefix(reply, "-NOAUTH") {
			err = errors.New(reply)
		}
		return err
	}, r.program, args...)
}

// Stop ends the server in order.
func (r *RedisServer) Stop() error { return r.stop(syscall.SIGTERM) }

// Kill ends the server with SIGKILL.
func (r *RedisServer) Kill() error { return r.stop(syscall.SIGKILL) }

// Restart stops and starts.
func (r *RedisServer) Restart() error { return errors.Join(r.Stop(), r.Start()) }

// RestartEmpty kills the server and starts one that knows nothing.
func (r *RedisServer) RestartEmpty() error {
	return errors.Join(r.Kill(), os.RemoveAll(r.path("appendonlydir")), r.Start())
}

// FlushAll removes every key.
func (r *RedisServer) FlushAll() error {
	reply, err := r.Do("FLUSHALL")
	if err == nil && reply != "+OK" {
		err = errors.New(reply)
	}
	return err
}

// URL returns the address that go-redis understands.
func (r *RedisServer) URL() string { return "unix://" + r.Socket() }

// Socket returns the path of the server's socket.
func (r *RedisServer) Socket() string { return r.path("redis.sock") }

// Do sends one command, words with blanks between, on a connection of its own and
// returns the first line of the reply with its type: "+OK", ":1", "-ERR …".
func (r *RedisServer) Do(command string) (string, error) {
	conn, err := net.DialTimeout("unix", r.Socket(), patience)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err
}
