package config

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	hostName     = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$`)
	paramName    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)
	platformName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	placeholder  = regexp.MustCompile(`\{\{([^{}]*)\}\}`)
)

// network checks how the API is reached over the network.
func (ps *Problems) network(l Listen) {
	if (l.TLSCertFile == "") != (l.TLSKeyFile == "") {
		ps.value("listen.tls_key_file", "a certificate needs its key: set listen.tls_cert_file and listen.tls_key_file, or neither")
	}
	if l.RequestBurst < l.RequestRate {
		ps.value("listen.request_burst", "%d must not be less than listen.request_rate (%d)", l.RequestBurst, l.RequestRate)
	}
	for i, name := range l.Hosts {
		if _, err := netip.ParseAddr(name); err != nil && !hostName.MatchString(name) {
			ps.value(fmt.Sprintf("listen.hosts[%d]", i), "%q is no host name: name each host, without a port and without *", name)
		}
	}
	if l.Metrics != "" {
		host, port, err := net.SplitHostPort(l.Metrics)
		if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n == 0 {
			ps.value("listen.metrics", "%q is not host:port, such as 127.0.0.1:9464", l.Metrics)
		} else if !loopback(host) {
			ps.value("listen.metrics", "%q is reached from other machines: use 127.0.0.1, or read /metrics of listen.http with a token", l.Metrics)
		}
	}
	if l.HTTP == "" {
		return
	}
	host, port, err := net.SplitHostPort(l.HTTP)
	n, bad := strconv.ParseUint(port, 10, 16)
	switch {
	case err != nil || bad != nil:
		ps.value("listen.http", "%q is not host:port, such as 127.0.0.1:7070 or [::1]:7070", l.HTTP)
	case n == 0:
		ps.value("listen.http", "%q has no port that clients could know", l.HTTP)
	case l.TLSCertFile == "" && !loopback(host):
		ps.value("listen.http", "%q is reached from other machines, which takes TLS: set listen.tls_cert_file and listen.tls_key_file, or use 127.0.0.1", l.HTTP)
	}
}

// loopback reports whether a host is this machine, seen from itself only.
func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// params checks the parameters of a command against its arguments.
func (ps *Problems) params(key string, c Command) {
	for j, name := range c.Platforms {
		if !platformName.MatchString(name) {
			ps.value(fmt.Sprintf("%s.platforms[%d]", key, j), "%q is not the name of a platform", name)
		}
	}
	if len(c.Params) > 0 && c.PayloadStdin {
		ps.value(key+".payload_stdin", "the payload has params, or goes to standard input: keep one")
	}
	known := map[string]bool{}
	for j, p := range c.Params {
		place := fmt.Sprintf("%s.params[%d]", key, j)
		if !paramName.MatchString(p.Name) || known[p.Name] {
			ps.value(place+".name", "%q must be letters, digits and underscores, at most 64, and given once", p.Name)
		}
		known[p.Name] = true
		if p.Pattern == "" {
			ps.value(place+".pattern", `is needed: it says what the value may be, e.g. "[a-z0-9_]{1,32}"`)
		} else if _, err := regexp.Compile(p.Pattern); err != nil || len(p.Pattern) > 256 {
			ps.value(place+".pattern", "is no regular expression of at most 256 bytes: %v", err)
		}
		if p.Default != "" && !p.Optional {
			ps.value(place+".default", "only what is optional has a default")
		}
		mark := "{{payload." + p.Name + "}}"
		if !slices.ContainsFunc(c.Argv, func(arg string) bool { return strings.Contains(arg, mark) }) {
			ps.value(place+".name", "argv has no %s", mark)
		}
	}
	for j, arg := range c.Argv {
		for _, found := range placeholder.FindAllStringSubmatch(arg, -1) {
			place := fmt.Sprintf("%s.argv[%d]", key, j)
			name, ok := strings.CutPrefix(found[1], "payload.")
			switch {
			case j == 0:
				ps.value(place, "the program itself cannot be a parameter")
			case !ok:
				ps.value(place, "%s is not known: write {{payload.NAME}}", found[0])
			case !known[name]:
				ps.value(place, "%s needs a line in params that says what it may be", found[0])
			}
		}
	}
}
