package listen

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// writePair writes a certificate of its own authority, valid for an hour around noon.
func writePair(t *testing.T, dir, name string, serial int64, hosts ...string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotBefore: noon.Add(-time.Hour), NotAfter: noon.Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")
	for path, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// TestCertificateRefused is a part of row B89.
func TestCertificateRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := writePair(t, dir, "one", 1, "sched.example.org")
	_, otherKey := writePair(t, dir, "two", 2)
	open := filepath.Join(dir, "open.key")
	text, _ := os.ReadFile(key)
	if err := os.WriteFile(open, text, 0o600); err != nil {
		t.Fatal(err)
	}
	junk := filepath.Join(dir, "junk")
	if err := errors.Join(os.Chmod(open, 0o644), os.WriteFile(junk, []byte("x"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, cert, key string
		at              time.Time
		want            string
	}{
		{"good", cert, key, noon, ""},
		{"expired", cert, key, noon.Add(2 * time.Hour), "expired on 2026-11-22T13:00:00Z"},
		{"not yet valid", cert, key, noon.Add(-2 * time.Hour), "is not valid before 2026-11-22T11:00:00Z"},
		{"another's key", cert, otherKey, noon, "private key does not match public key"},
		{"a key that all may read", cert, open, noon, "chmod 0640"},
		{"no certificate", filepath.Join(dir, "none"), key, noon, "no such file"},
		{"no key", cert, filepath.Join(dir, "none"), noon, "no such file"},
		{"junk", junk, key, noon, "failed to find any PEM data"},
		{"swapped", key, cert, noon, "PEM"},
	} {
		_, err := LoadCertificate(tt.cert, tt.key, tt.at)
		if (tt.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// TestCertificateReload: a new pair is shown to new connections, a bad one to none.
func TestCertificateReload(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certFile, keyFile := writePair(t, dir, "one", 1, "sched.example.org")
	c, err := LoadCertificate(certFile, keyFile, noon)
	if err != nil {
		t.Fatal(err)
	}
	l, err := TCP(TCPOptions{Address: "127.0.0.1:0", Certificate: c})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.NotFoundHandler()} //nolint:gosec // of a test
	go server.Serve(l)
	defer server.Close()
	serial := func() int64 {
		conn, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}}) //nolint:gosec // it looks at what is shown
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if got := conn.ConnectionState(); got.NegotiatedProtocol != "http/1.1" || got.Version < tls.VersionTLS12 {
			t.Errorf("protocol %q over TLS %x, want http/1.1 over 1.2 or newer", got.NegotiatedProtocol, got.Version)
		}
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if got := serial(); got != 1 {
		t.Errorf("serial %d, want 1", got)
	}
	writePair(t, dir, "one", 7, "sched.example.org")
	if err := c.Reload(noon); err != nil || serial() != 7 {
		t.Errorf("after a reload: %v, serial %d; want 7", err, serial())
	}
	if err := os.WriteFile(keyFile, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Reload(noon); err == nil || serial() != 7 {
		t.Errorf("after a bad reload: %v, serial %d; want an error and 7", err, serial())
	}
	if _, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}); err == nil { //nolint:gosec // it must fail
		t.Error("TLS 1.1 is spoken")
	}
}

func TestTCPRefuses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "example.org:0", "127.0.0.1.example.org:0", "nonsense"} {
		if l, err := TCP(TCPOptions{Address: address}); err == nil {
			l.Close()
			t.Errorf("%s is served without TLS", address)
		}
	}
	l, err := TCP(TCPOptions{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := TCP(TCPOptions{Address: l.Addr().String()}); !errors.Is(err, ErrRunning) {
		t.Errorf("an address in use: %v, want ErrRunning", err)
	}
}

// TestBounds: at the limit of one source and of all, and when places become free.
func TestBounds(t *testing.T) {
	t.Parallel()
	l, err := TCP(TCPOptions{Address: "127.0.0.1:0", MaxConns: 3, MaxConnsOne: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan net.Conn, 10)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- conn
		}
	}()
	from := func(source string) (net.Conn, bool) {
		t.Helper()
		d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(source), 0)), Timeout: 10 * time.Second}
		conn, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		gone := make(chan bool, 1)
		go func() {
			_, err := conn.Read(make([]byte, 1))
			gone <- err != nil
		}()
		select {
		case server := <-accepted:
			return server, true
		case <-gone:
			return nil, false
		}
	}
	var first net.Conn
	for i, step := range []struct {
		source string
		want   bool
	}{{"127.0.0.1", true}, {"127.0.0.1", true}, {"127.0.0.1", false}, {"127.0.0.2", true}, {"127.0.0.3", false}} {
		conn, ok := from(step.source)
		if ok != step.want {
			t.Errorf("step %d from %s: let in %t, want %t", i, step.source, ok, step.want)
		}
		if first == nil {
			first = conn
		}
	}
	first.Close()
	first.Close() // gives its place back once
	if _, ok := from("127.0.0.1"); !ok {
		t.Error("a place that became free is not given")
	}
	if _, ok := from("127.0.0.3"); ok {
		t.Error("a place was given twice")
	}
}

func TestSources(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.1:5": "192.0.2.1", "[::ffff:192.0.2.1]:5": "192.0.2.1", "[2001:db8::1]:5": "2001:db8::/64", "[2001:db8::ffff:1]:5": "2001:db8::/64", "[fe80::1%eth0]:5": "fe80::/64",
	} {
		if got := sourceOf(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address))); got != want {
			t.Errorf("%s counts as %s, want %s", address, got, want)
		}
	}
}

// TestHosts is V14: names that are not ours are refused, wherever they lead.
func TestHosts(t *testing.T) {
	t.Parallel()
	cert, key := writePair(t, t.TempDir(), "one", 1, "sched.example.org", "*.nodes.example.org", "203.0.113.5")
	c, err := LoadCertificate(cert, key, noon)
	if err != nil {
		t.Fatal(err)
	}
	local := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 9), Port: 7070}
	ask := func(h Hosts, host string) bool {
		r := &http.Request{Host: host}
		return h.Allow(r.WithContext(context.WithValue(t.Context(), http.LocalAddrContextKey, local)))
	}
	for _, tt := range []struct {
		hosts Hosts
		host  string
		want  bool
	}{
		{Hosts{}, "localhost:7070", true}, {Hosts{}, "LOCALHOST.", true}, {Hosts{}, "192.0.2.9:7070", true}, {Hosts{}, "192.0.2.9", true}, {Hosts{}, "[::ffff:192.0.2.9]:7070", true},
		{Hosts{}, "evil.example", false}, {Hosts{}, "192.0.2.9.nip.example", false}, {Hosts{}, "127.0.0.1.nip.example:7070", false}, {Hosts{}, "localhost.evil.example", false},
		{Hosts{}, "127.0.0.1:7070", false}, {Hosts{}, "192.0.2.10", false}, {Hosts{}, "", false}, {Hosts{}, ":7070", false}, {Hosts{}, "a b", false}, {Hosts{}, "[::1]:7070", false},
		{Hosts{}, "sched.example.org", false}, {Hosts{}, "127.1", false}, {Hosts{}, "0", false}, {Hosts{}, "user@localhost", false}, {Hosts{}, "localhost/", false}, {Hosts{}, "xn--lcalhost-5ya", false},
		{Hosts{Names: []string{"Sched.corp", "198.51.100.1"}}, "sched.CORP:1", true}, {Hosts{Names: []string{"sched.corp"}}, "x.sched.corp", false}, {Hosts{Names: []string{"198.51.100.1"}}, "198.51.100.1", true},
		{Hosts{Certificate: c}, "sched.example.org:7070", true}, {Hosts{Certificate: c}, "a.nodes.example.org", true}, {Hosts{Certificate: c}, "a.b.nodes.example.org", false},
		{Hosts{Certificate: c}, "203.0.113.5", true}, {Hosts{Certificate: c}, "one", false}, {Hosts{Certificate: c}, "evil.example", false}, {Hosts{Certificate: c}, "*.nodes.example.org", false},
	} {
		if got := ask(tt.hosts, tt.host); got != tt.want {
			t.Errorf("%q with %v: %t, want %t", tt.host, tt.hosts.Names, got, tt.want)
		}
	}
}

// FuzzHost: nothing but our names is let in.
func FuzzHost(f *testing.F) {
	for _, s := range []string{"localhost", "evil.example", "127.0.0.1:80", "[::1]", "localhost:80:80", "localhost@evil"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, host string) {
		if (Hosts{}).Allow(&http.Request{Host: host}) && !strings.HasPrefix(strings.ToLower(strings.Trim(host, "[]")), "localhost") {
			t.Errorf("%q is let in", host)
		}
	})
}
