package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/agentic-sdlc/scheduler/job"
)

// maxToken bounds what is read as a token, in bytes.
const maxToken = 4 << 10

// authenticate finds the token for the server, and refuses to show it where others
// could read it.
func (c *Client) authenticate() error {
	o := &c.options
	if c.targets[0].network == "unix" {
		if o.Token != "" || o.TokenFile != "" {
			return job.Errorf(job.Invalid, "a token is for http:// and https:// servers; on a socket the kernel says who calls").WithHint("name the server with --server, or leave the token out")
		}
		return nil
	}
	var err error
	if c.token, err = c.findToken(); err != nil || c.token == "" {
		return err
	}
	u, _ := url.Parse(c.base)
	if u.Scheme == "http" && !loopback(u.Hostname()) && !o.Insecure {
		return job.Errorf(job.Invalid, "refusing to send a token in clear to %s", c.base).WithHint("use https://, or --insecure if nobody can listen on the way")
	}
	return nil
}

// findToken returns the token of the first place that has one, "" when none has.
func (c *Client) findToken() (string, error) {
	o := &c.options
	switch {
	case o.Token != "":
		return checkToken(o.Token, "the token")
	case o.TokenFile == "-":
		from := o.TokenInput
		if from == nil {
			from = os.Stdin
		}
		data, err := io.ReadAll(io.LimitReader(from, maxToken+1))
		if err != nil {
			return "", job.Errorf(job.Invalid, "read the token from standard input: %w", err)
		}
		return checkToken(string(data), "standard input")
	case o.TokenFile != "":
		return readToken(o.TokenFile)
	case o.Getenv("SCHEDCTL_TOKEN") != "":
		return checkToken(o.Getenv("SCHEDCTL_TOKEN"), "SCHEDCTL_TOKEN")
	case o.Getenv("SCHEDCTL_TOKEN_FILE") != "":
		return readToken(o.Getenv("SCHEDCTL_TOKEN_FILE"))
	}
	path := c.KeptToken()
	if _, err := os.Stat(path); path == "" || err != nil {
		return "", nil //nolint:nilerr // nobody logged in here
	}
	return readToken(path)
}

// readToken reads a file that nobody but its owner may read.
func readToken(path string) (string, error) {
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "", job.Errorf(job.Forbidden, "permission denied on the token file %s", path)
	case errors.Is(err, fs.ErrNotExist):
		return "", job.Errorf(job.Invalid, "no such token file: %s", path)
	case err != nil:
		return "", job.Errorf(job.Invalid, "the token file cannot be opened: %v", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return "", job.Errorf(job.Invalid, "the token file %s is not a file", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return "", job.Errorf(job.Forbidden, "others may read the token file %s: its mode is %04o", path, mode).WithHint("chmod 600 %s", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxToken+1))
	if err != nil {
		return "", job.Errorf(job.Invalid, "read the token file: %w", err)
	}
	return checkToken(string(data), "the token file "+path)
}

// checkToken takes the blanks around a token away. What is wrong is said without it.
func checkToken(text, from string) (string, error) {
	text = strings.TrimSpace(text)
	odd := func(r rune) bool { return r <= ' ' || r >= 0x7f }
	switch {
	case text == "":
		return "", job.Errorf(job.Invalid, "%s is empty: it holds no token", from)
	case len(text) > maxToken || strings.ContainsFunc(text, odd):
		return "", job.Errorf(job.Invalid, "%s holds more than a token", from)
	}
	return text, nil
}

// KeptToken is the file in which schedctl login keeps the token for the client's server;
// "" for a socket, or where there is no place for it.
func (c *Client) KeptToken() string {
	if c.targets[0].network == "unix" {
		return ""
	}
	dir := c.options.Getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) {
		home := c.options.Getenv("HOME")
		if !filepath.IsAbs(home) {
			return ""
		}
		dir = filepath.Join(home, ".config")
	}
	name := strings.NewReplacer("://", "_", ":", "_", "[", "", "]", "").Replace(strings.ToLower(c.base))
	return filepath.Join(dir, "schedctl", "tokens", name)
}

// Shown returns the token that the client shows, "" when it shows none.
func (c *Client) Shown() string { return c.token }

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// trust returns whom to trust; nil = the system's authorities.
func (c *Client) trust() (*tls.Config, error) {
	file := c.options.CAFile
	if file == "" {
		file = c.options.Getenv("SCHEDCTL_CA_FILE")
	}
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, job.Errorf(job.Invalid, "read the certificates to trust: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(data) {
		return nil, job.Errorf(job.Invalid, "%s holds no certificate in PEM", file)
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

// untrusted is what is told of a server whose certificate is not trusted, or that does
// not speak TLS; nil for other errors.
func untrusted(err error) error {
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, name := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	_, plain := errors.AsType[tls.RecordHeaderError](err)
	op, isOp := errors.AsType[*net.OpError](err)
	alert := isOp && op.Op == "remote error"
	switch {
	case unknown:
		return &job.Error{Code: job.Forbidden, Message: "the server's certificate is not trusted", Hint: "name its authority with --ca-file or SCHEDCTL_CA_FILE", Err: err}
	case name, invalid:
		return &job.Error{Code: job.Forbidden, Message: "the server's certificate is not good: " + innermost(err).Error(), Err: err}
	case plain, alert:
		return &job.Error{Code: job.Unavailable, Message: "the server does not speak TLS as expected", Hint: "is it http:// that you mean?", Err: err}
	}
	return nil
}

func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}
