package listen

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
)

// Connections that are open at once.
const (
	DefaultMaxConns    = 512
	DefaultMaxConnsOne = 64
)

// TCPOptions describes a listener on the network. Address is required.
type TCPOptions struct {
	Address     string       // host:port; the host may be empty, for all addresses
	Certificate *Certificate // nil = without TLS, which only loopback gets
	MaxConns    int          // connections in all; 0 = DefaultMaxConns
	MaxConnsOne int          // connections from one source; 0 = DefaultMaxConnsOne
}

// TCP listens on the network. The error wraps ErrRunning when the address is in use.
func TCP(o TCPOptions) (net.Listener, error) {
	if o.Certificate == nil && !Loopback(o.Address) {
		return nil, fmt.Errorf("%s is reached from other machines: it needs TLS", o.Address)
	}
	l, err := net.Listen("tcp", o.Address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%w: %s is in use", ErrRunning, o.Address)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on the network: %w", err)
	}
	if o.MaxConns == 0 {
		o.MaxConns = DefaultMaxConns
	}
	if o.MaxConnsOne == 0 {
		o.MaxConnsOne = DefaultMaxConnsOne
	}
	l = &bounded{Listener: l, most: o.MaxConns, mostOf: o.MaxConnsOne, of: map[string]int{}}
	if o.Certificate != nil {
		l = tls.NewListener(l, o.Certificate.config())
	}
	return l, nil
}

// Loopback reports whether host:port is reached from this machine only. A name is not
// looked up: only localhost is known to be.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// bounded closes what is too much as soon as it is accepted, so that what is open goes
// on, and whoever has few connections gets one.
type bounded struct {
	net.Listener

	most, mostOf int

	mu  sync.Mutex
	all int
	of  map[string]int
}

// Accept returns the next connection that there is room for.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		conn, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		source := sourceOf(conn.RemoteAddr())
		if b.enter(source) {
			return &countedConn{Conn: conn, leave: sync.OnceFunc(func() { b.leave(source) })}, nil
		}
		conn.Close()
	}
}

func (b *bounded) enter(source string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all >= b.most || b.of[source] >= b.mostOf {
		return false
	}
	b.all++
	b.of[source]++
	return true
}

func (b *bounded) leave(source string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all--
	if b.of[source]--; b.of[source] == 0 {
		delete(b.of, source)
	}
}

// countedConn gives its place back when it is closed.
type countedConn struct {
	net.Conn

	leave func()
}

// Close closes the connection.
func (c *countedConn) Close() error {
	c.leave()
	return c.Conn.Close()
}

// sourceOf is what one caller surely has of addresses: an IPv4 address, or 64 bits of an
// IPv6 address.
func sourceOf(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return addr.String()
	}
	ip := tcp.AddrPort().Addr().Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	prefix, _ := ip.Prefix(64)
	return prefix.String()
}
