package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
)

// live is a schedd as it ships: a process of its own that answers on a Unix socket.
type live struct {
	cmd    *exec.Cmd
	http   *http.Client
	socket string
	gone   chan error // of Wait
}

// connections is how many connections the client keeps.
const connections = 64

// startLive builds schedd, starts it on a folder, and waits until it answers. The
// database of a folder of sqlite is the one that database names; more is added to the
// configuration, as YAML.
func startLive(ctx context.Context, dir, more string) (*live, error) {
	program, settings := filepath.Join(dir, "schedd"), filepath.Join(dir, "schedd.yaml")
	d := &live{socket: filepath.Join(dir, "s"), gone: make(chan error, 1)}
	build := exec.CommandContext(ctx, "go", "build", "-C", "..", "-trimpath", "-ldflags", "-s -w", "-o", program, "./cmd/schedd") // with the versions that ship
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build schedd, from the folder of bench: %w\n%s", err, out)
	}
	text := fmt.Sprintf("data_dir: %s\nlisten: {socket: %s}\n%s", dir, d.socket, more)
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Join(dir, "schedd.log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	d.cmd = exec.Command(program, "serve", "--config", settings)
	d.cmd.Stdout, d.cmd.Stderr = log, log
	if err := d.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { d.gone <- d.cmd.Wait() }()
	d.http = &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", d.socket)
		},
		MaxIdleConnsPerHost: connections, DisableCompression: true,
	}}
	if err := d.ready(ctx); err != nil {
		said, _ := os.ReadFile(log.Name())
		return nil, errors.Join(err, d.stop(), errors.New(string(said)))
	}
	return d, nil
}

// ready waits until requests are answered.
func (d *live) ready(ctx context.Context) error {
	return poll(ctx, "schedd to be ready", func() (bool, error) {
		select {
		case err := <-d.gone:
			d.gone <- err
			return false, fmt.Errorf("schedd ended: %w", err)
		default:
		}
		_, err := d.get(ctx, api.RouteReadyz)
		return err == nil, ctx.Err()
	})
}

// stop ends the daemon in order, so that its CPU time counts as ours.
func (d *live) stop() error {
	d.http.CloseIdleConnections()
	_ = d.cmd.Process.Signal(syscall.SIGTERM) // it may be gone: Wait tells
	return <-d.gone
}

// get asks for a path and returns the body of a good answer.
func (d *live) get(ctx context.Context, path string) ([]byte, error) {
	return d.ask(ctx, http.MethodGet, path, "")
}

// ask sends a request, with a body of JSON unless it is empty.
func (d *live) ask(ctx context.Context, method, path, body string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://schedd"+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := d.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= http.StatusMultipleChoices {
		err = fmt.Errorf("%s %s: %s: %.300s", method, path, answer.Status, text)
	}
	return text, err
}
