package client

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/agentic-sdlc/scheduler/job"
)

// SystemSocket is where a daemon of the whole machine listens.
const SystemSocket = "/run/schedd/schedd.sock"

// target is one address that may have a daemon.
type target struct {
	network, address string
	url              string // of HTTP
}

// String returns the address the way Options.Server takes it.
func (t target) String() string {
	if t.network == "unix" {
		return "unix://" + t.address
	}
	return t.url
}

func unixTarget(path string) target { return target{network: "unix", address: path} }

// locate fills base and targets from what was said, or with the usual places.
func (c *Client) locate() error {
	if c.explicit == "" {
		c.base = "http://schedd"
		if dir := c.options.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
			c.targets = append(c.targets, unixTarget(filepath.Join(dir, "schedd", "schedd.sock")))
		}
		c.targets = append(c.targets, unixTarget(SystemSocket))
		return nil
	}
	invalid := func() error {
		return job.Errorf(job.Invalid, "server %q is not an address", ShownServer(c.explicit)).
			WithHint("use unix:///run/schedd/schedd.sock, a path, or http://host:port")
	}
	if path, isSocket := socketPath(c.explicit); isSocket {
		if path == "" {
			return invalid()
		}
		c.base, c.targets = "http://schedd", []target{unixTarget(path)}
		return nil
	}
	u, err := url.Parse(c.explicit)
	if err != nil || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return invalid()
	}
	port := u.Port()
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return invalid()
	case port == "" && u.Scheme == "http":
		port = "80"
	case port == "":
		port = "443"
	}
	c.base = u.Scheme + "://" + u.Host
	c.targets = []target{{network: "tcp", address: net.JoinHostPort(u.Hostname(), port), url: c.base}}
	return nil
}

// ShownServer is an address of a server as it may be shown: of one that is none, for there
// is a password or a query in it, those are masked.
func ShownServer(server string) string {
	if _, isSocket := socketPath(server); isSocket {
		return server
	}
	if before, _, found := strings.Cut(server, "?"); found {
		server = before + "?***"
	}
	host := 0
	if i := strings.Index(server, "://"); i >= 0 {
		host = i + len("://")
	}
	if i := strings.LastIndexByte(server, '@'); i > host {
		return server[:host] + "***" + server[i:]
	}
	return server
}

// socketPath recognises the two ways to write a Unix socket.
func socketPath(server string) (path string, isSocket bool) {
	if rest, ok := strings.CutPrefix(server, "unix://"); ok {
		return rest, true
	}
	if rest, ok := strings.CutPrefix(server, "unix:"); ok {
		return rest, true
	}
	isPath := strings.Contains(server, "/") && !strings.Contains(server, "://")
	return server, isPath
}

// dial connects to the first target that answers. The address of the URL plays no
// part: the client has one daemon.
func (c *Client) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	var dialer net.Dialer
	failed := &unreachable{targets: c.targets}
	for _, t := range c.targets {
		conn, err := dialer.DialContext(ctx, t.network, t.address)
		if err == nil {
			c.used.Store(&t)
			return conn, nil
		}
		failed.errs = append(failed.errs, err)
		if errors.Is(err, fs.ErrPermission) || ctx.Err() != nil {
			break // a daemon is there: looking further would find another one
		}
	}
	return nil, failed
}

// unreachable is a failed dial.
type unreachable struct {
	targets []target
	errs    []error // of targets[:len(errs)]
}

// Error names every address that was tried.
func (u *unreachable) Error() string {
	tried := make([]string, 0, len(u.errs))
	for i, err := range u.errs {
		tried = append(tried, u.targets[i].String()+": "+reason(err))
	}
	return strings.Join(tried, "; ")
}

// problem turns a failed dial into what is told to people.
func (u *unreachable) problem() *job.Error {
	last := len(u.errs) - 1
	at, err := u.targets[last], u.errs[last]
	if errors.Is(err, fs.ErrPermission) {
		return permission(at)
	}
	tried := make([]string, 0, len(u.errs))
	for _, t := range u.targets[:len(u.errs)] {
		tried = append(tried, t.String())
	}
	e := &job.Error{
		Code:    job.Unavailable,
		Message: fmt.Sprintf("schedd is not reachable (tried %s)", strings.Join(tried, ", ")),
		Hint:    `is the address right, and does schedd listen there? "schedctl doctor" looks`,
		Err:     u,
	}
	if at.network == "unix" {
		e.Hint = `start it with "systemctl start schedd" or "schedd serve", or name another with --server`
	}
	if info, statErr := os.Stat(at.address); at.network == "unix" && statErr == nil {
		if info.Mode().Type() == fs.ModeSocket {
			e.Hint = "the socket is there but nobody listens: systemctl status schedd"
		} else {
			e.Hint = at.address + " is not a socket"
		}
	}
	return e
}

// permission says which group a caller has to be in.
func permission(at target) *job.Error {
	e := job.Errorf(job.Forbidden, "permission denied on %s", at)
	e.Hint = "run schedctl as root or as the user of the daemon"
	info, err := os.Stat(at.address)
	if err != nil {
		return e
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && info.Mode().Perm()&0o020 != 0 {
		name := groupName(owner.Gid)
		e.Message += fmt.Sprintf(" (group %s may use it)", name)
		if owner.Gid != 0 { // nobody should join the group of root
			e.Hint = fmt.Sprintf("join the group: sudo usermod -aG %s \"$USER\", then log in again", name)
		}
	}
	return e
}

// groupName is the name of a group, or its number where it has none.
func groupName(gid uint32) string {
	id := strconv.FormatUint(uint64(gid), 10)
	if group, err := user.LookupGroupId(id); err == nil {
		return group.Name
	}
	return id
}

// reason is the innermost text of a dial error.
func reason(err error) string {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Err != nil {
		return op.Err.Error()
	}
	return err.Error()
}
