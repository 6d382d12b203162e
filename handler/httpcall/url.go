package httpcall

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

const (
	maxURL   = 2048 // bytes
	maxName  = 253  // bytes of a host name
	maxLabel = 63
)

// parse reads a URL and says why it may not be called, "" if it may. It accepts what
// all parsers read alike, and nothing else.
func (g *Guard) parse(raw string) (*url.URL, string) {
	if why := checkText(raw); why != "" {
		return nil, why
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, "is not a URL"
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, "must start with http:// or https://"
	case u.Opaque != "" || u.Host == "":
		return nil, "has no host"
	case u.User != nil:
		return nil, "must not hold a user or password; use a header"
	case u.Fragment != "" || strings.Contains(raw, "#"):
		return nil, "must not hold a fragment"
	}
	if why := g.checkPort(u); why != "" {
		return nil, why
	}
	if why := g.checkHost(u); why != "" {
		return nil, why
	}
	return u, ""
}

func checkText(raw string) string {
	if raw == "" || len(raw) > maxURL {
		return "must have 1 to 2048 bytes"
	}
	for _, c := range []byte(raw) {
		if c <= ' ' || c >= 0x7f || c == '\\' {
			return "must not hold spaces, control characters, backslashes or letters outside ASCII; escape them"
		}
	}
	return ""
}

func (g *Guard) checkPort(u *url.URL) string {
	text := u.Port()
	if text == "" {
		if strings.HasSuffix(u.Host, ":") {
			return "has an empty port"
		}
		return ""
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || text[0] == '0' {
		return "has a port outside 1 to 65535"
	}
	if !g.portAllowed(uint16(port)) {
		return "has a port that is not allowed; allowed are 80, 443 and those of handlers.http.allow_ports in the configuration"
	}
	return ""
}

func (g *Guard) checkHost(u *url.URL) string {
	host := canonical(u.Hostname())
	switch addr, err := netip.ParseAddr(host); {
	case err == nil:
		if addr.Zone() != "" || addr.Is6() != strings.HasPrefix(u.Host, "[") || strings.HasSuffix(u.Hostname(), ".") {
			return "has no valid host"
		}
		if !matches(g.o.PrivateHosts, host) && g.CheckAddr(addr) != nil {
			return "has an address that is not allowed"
		}
	case strings.HasPrefix(u.Host, "["):
		return "has no valid host"
	default:
		if why := checkName(host); why != "" {
			return why
		}
		if !matches(g.o.PrivateHosts, host) && (host == "localhost" || strings.HasSuffix(host, ".localhost")) {
			return "has an address that is not allowed"
		}
	}
	if len(g.o.Hosts) > 0 && !matches(g.o.Hosts, host) && !matches(g.o.PrivateHosts, host) {
		return "has a host that is not allowed by the configuration"
	}
	return ""
}

// checkName says why a name, in lower case, is none of a host. What ends in a number
// is none either: there are programs that read 127.1, 0x7f.1 and 2130706433 as
// addresses.
func checkName(host string) string {
	const bad = "has no valid host"
	if host == "" || len(host) > maxName {
		return bad
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
			return bad
		}
		for _, c := range []byte(label) {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return bad
			}
		}
	}
	if isNumber(labels[len(labels)-1]) {
		return bad
	}
	return ""
}

// isNumber says whether a label is a number, decimal, octal or hexadecimal.
func isNumber(label string) bool {
	digits, hex := strings.CutPrefix(label, "0x")
	return strings.Trim(digits, "0123456789") == "" || hex && strings.Trim(digits, "0123456789abcdef") == ""
}
