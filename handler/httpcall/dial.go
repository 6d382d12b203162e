package httpcall

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	connectWithin   = 10 * time.Second // to one address
	handshakeWithin = 10 * time.Second
	maxHeaderBytes  = 64 << 10 // of a response
	maxAddresses    = 8        // of a name that are tried
)

// transport makes a connection for each request: one that was idle may turn out to
// be dead, and nobody can tell whether the server saw what was sent on it.
func (g *Guard) transport() *http.Transport {
	return &http.Transport{
		Proxy:                  nil, // a proxy would dial for us, unguarded
		DialContext:            g.dial,
		TLSClientConfig:        g.o.TLS.Clone(),
		TLSHandshakeTimeout:    handshakeWithin,
		DisableKeepAlives:      true,
		DisableCompression:     true, // no bombs
		MaxResponseHeaderBytes: maxHeaderBytes,
	}
}

// dial connects to a host if all of its addresses are allowed. A name with a public
// and a private address is refused, not tried at the public one.
func (g *Guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	host = canonical(host)
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil || !g.portAllowed(uint16(port)) {
		return nil, &ForbiddenError{What: "port " + portText, Host: host}
	}
	addrs, err := g.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: connectWithin}
	if !matches(g.o.PrivateHosts, host) {
		for _, addr := range addrs {
			if g.CheckAddr(addr) != nil {
				return nil, &ForbiddenError{What: "the address", Host: host}
			}
		}
		dialer.Control = g.control
	}
	for _, addr := range addrs[:min(len(addrs), maxAddresses)] {
		var conn net.Conn
		conn, err = dialer.DialContext(ctx, network, netip.AddrPortFrom(addr, uint16(port)).String())
		if err == nil {
			return conn, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, err
}

// control is the last word on an address: it sees what the kernel is asked for.
func (g *Guard) control(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !g.portAllowed(to.Port()) {
		return &ForbiddenError{What: "the port"}
	}
	return g.CheckAddr(to.Addr())
}

// resolve returns the addresses of a host, one at least.
func (g *Guard) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr.Unmap()}, nil
	}
	if checkName(host) != "" { // e.g. 127.1, which some resolvers take for an address
		return nil, &ForbiddenError{What: "the name", Host: host}
	}
	addrs, err := g.lookup(ctx, host)
	if err == nil && len(addrs) == 0 {
		err = &net.DNSError{Err: "no addresses", Name: host, IsNotFound: true}
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	return addrs, err
}

func (g *Guard) portAllowed(port uint16) bool {
	return port == 80 || port == 443 || slices.Contains(g.o.Ports, port)
}

// canonical is the form of a host in which it is compared.
func canonical(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }
