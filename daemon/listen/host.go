package listen

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Hosts are the names by which a listener on the network may be asked for something. A
// web page can make a browser send requests here under a name of its own that leads to
// this machine's address; only names that are ours are answered.
type Hosts struct {
	Names       []string     // beside localhost
	Certificate *Certificate // whose names are ours too; nil = none
}

// Allow reports whether a request is for a name of ours, or for the very address that
// its connection has on this side.
func (h Hosts) Allow(r *http.Request) bool {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else {
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if addr, err := netip.ParseAddr(host); err == nil {
		return h.allowAddr(addr.Unmap(), r)
	}
	if host == "" || strings.ContainsAny(host, "[]:/@*\\ ") {
		return false
	}
	same := func(name string) bool { return strings.EqualFold(name, host) }
	switch {
	case host == "localhost", slices.ContainsFunc(h.Names, same):
		return true
	case h.Certificate == nil:
		return false
	}
	return h.Certificate.Leaf().VerifyHostname(host) == nil
}

func (h Hosts) allowAddr(addr netip.Addr, r *http.Request) bool {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if local != nil && local.AddrPort().Addr().Unmap().WithZone("") == addr {
		return true
	}
	if h.Certificate == nil {
		return slices.Contains(h.Names, addr.String())
	}
	return slices.Contains(h.Names, addr.String()) || h.Certificate.Leaf().VerifyHostname(addr.String()) == nil
}
