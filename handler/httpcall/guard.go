package httpcall

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/agentic-sdlc/scheduler/job"
)

// Guard decides where calls may go. It is safe for concurrent use.
type Guard struct {
	o       GuardOptions
	refused []netip.Prefix
	public6 netip.Prefix
	lookup  func(ctx context.Context, host string) ([]netip.Addr, error)
}

// NewGuard returns a guard; the error, with code invalid, names what is wrong with o.
func NewGuard(o GuardOptions) (*Guard, error) {
	var p job.Problems
	o.Hosts = patterns(&p, "allow_hosts", o.Hosts, true)
	o.PrivateHosts = patterns(&p, "allow_private_hosts", o.PrivateHosts, false)
	o.Private = slices.Clone(o.Private)
	for i, prefix := range o.Private {
		if !prefix.IsValid() || prefix.Bits() == 0 {
			p.Add(fmt.Sprintf("allow_private[%d]", i), "out_of_range", "must be a network, and not all of them")
			continue
		}
		o.Private[i] = netip.PrefixFrom(prefix.Addr().WithZone(""), prefix.Bits()).Masked()
	}
	if slices.Contains(o.Ports, 0) {
		p.Add("allow_ports", "out_of_range", "must lie within 1 to 65535")
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	resolve := func(ctx context.Context, host string) ([]netip.Addr, error) {
		return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	}
	return &Guard{o: o, refused: refusedNetworks(), public6: publicIPv6(), lookup: resolve}, nil
}

// patterns checks and normalises a list of host patterns.
func patterns(p *job.Problems, field string, list []string, all bool) []string {
	var out []string
	for i, pattern := range list {
		pattern = strings.TrimSuffix(strings.ToLower(pattern), ".")
		name := strings.TrimPrefix(pattern, "*.")
		if pattern != "*" && checkName(name) != "" || pattern == "*" && !all {
			p.Add(fmt.Sprintf("%s[%d]", field, i), "pattern", "%q is no host name and no *.NAME", list[i])
		}
		out = append(out, pattern)
	}
	return out
}

// matches says whether a host, in lower case and without a final dot, is listed.
func matches(list []string, host string) bool {
	return slices.ContainsFunc(list, func(pattern string) bool {
		below, wild := strings.CutPrefix(pattern, "*")
		return pattern == host || wild && (below == "" || strings.HasSuffix(host, below) && len(host) > len(below))
	})
}

// CheckURL says whether a URL may be called, as far as its text tells; the error
// has code invalid and the field "url". Names are judged when they are dialled.
func (g *Guard) CheckURL(raw string) error {
	var p job.Problems
	if _, why := g.parse(raw); why != "" {
		p.Add("url", "not_allowed", "%s", why)
	}
	return p.Err()
}

// CheckAddr returns nil, or a *ForbiddenError if no call may reach the address.
func (g *Guard) CheckAddr(addr netip.Addr) error {
	addr = plain(addr)
	within := func(p netip.Prefix) bool { return p.Contains(addr) }
	switch {
	case !addr.IsValid():
	case slices.ContainsFunc(g.o.Private, within):
		return nil
	case slices.ContainsFunc(g.refused, within):
	case addr.Is6() && !g.public6.Contains(addr):
	default:
		return nil
	}
	return &ForbiddenError{What: "the address"}
}

// ForbiddenError says that the guard refused a call. It does not name the address: to
// whoever wrote the call, that is none of his business.
type ForbiddenError struct {
	What string // "the address", "port 22", …
	Host string // may be empty
}

// Error says what was refused.
func (e *ForbiddenError) Error() string {
	if e.Host == "" {
		return e.What + " is not allowed"
	}
	return e.What + " of " + e.Host + " is not allowed"
}

// Client returns a client whose requests, redirects and connections pass the guard.
// Other packages that call what users wrote use it too; they set its Timeout or a
// deadline themselves.
func (g *Guard) Client() *http.Client {
	return &http.Client{
		Transport:     checked{guard: g, next: g.transport()},
		CheckRedirect: checkRedirect,
	}
}

// checked looks at each request, redirects included, before it is sent.
type checked struct {
	guard *Guard
	next  http.RoundTripper
}

// RoundTrip sends a request that the guard allows.
func (c checked) RoundTrip(req *http.Request) (*http.Response, error) {
	target := *req.URL
	target.Fragment, target.RawFragment = "", "" // it is not sent
	if _, why := c.guard.parse(target.String()); why != "" {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, &ForbiddenError{What: "the URL"}
	}
	return c.next.RoundTrip(req)
}
