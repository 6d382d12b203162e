package httpcall

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

func newGuard(t testing.TB, o GuardOptions) *Guard {
	t.Helper()
	g, err := NewGuard(o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestAddresses is the table of security.md 4.5: both ends of each network, and its
// neighbours.
func TestAddresses(t *testing.T) {
	t.Parallel()
	g := newGuard(t, GuardOptions{})
	for _, s := range []string{
		"0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1",
		"127.255.255.255", "168.63.129.16", "169.254.0.0", "169.254.169.254", "169.254.255.255", "172.16.0.0", "172.31.255.255",
		"192.0.0.0", "192.0.0.255", "192.0.2.0", "192.0.2.255", "192.88.99.0", "192.88.99.255", "192.168.0.0",
		"192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.0", "198.51.100.255", "203.0.113.0", "203.0.113.255",
		"224.0.0.0", "239.255.255.255", "240.0.0.0", "255.255.255.255",
		"::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1",
		"64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "64:ff9b:1:ffff::1", "100::", "100::ffff:ffff:ffff:ffff",
		"2001::", "2001:0:1::1", "2001:1ff:ffff::1", "2001:db8::", "2001:db8:ffff::1", "2002::", "2002:7f00:1::", "2002:ffff::1",
		"3fff::", "3fff:fff:ffff::1", "5f00::1", "fc00::", "fd00:ec2::254", "fdff::1", "fe80::1", "fe80::1%eth0", "febf::1",
		"fec0::1", "feff::1", "ff00::", "ff02::1", "ffff::1", "4000::1", "1fff::1",
	} {
		addr := netip.MustParseAddr(s)
		if err := g.CheckAddr(addr); err == nil {
			t.Errorf("%s is allowed", s)
		}
		if addr.Is4() {
			if err := g.CheckAddr(netip.AddrFrom16(addr.As16())); err == nil {
				t.Errorf("::ffff:%s is allowed", s)
			}
		}
	}
	for _, s := range []string{
		"1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
		"168.63.129.15", "168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0",
		"192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "203.0.112.255", "203.0.114.0", "223.255.255.255",
		"2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700::1111", "2a00::1", "3ffe::1", "::ffff:8.8.8.8",
	} {
		if err := g.CheckAddr(netip.MustParseAddr(s)); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	if err := g.CheckAddr(netip.Addr{}); err == nil {
		t.Error("no address is allowed")
	}
}

func TestPrivate(t *testing.T) {
	t.Parallel()
	g := newGuard(t, GuardOptions{Private: []netip.Prefix{netip.MustParsePrefix("10.1.2.3/16"), netip.MustParsePrefix("fd00::/8")}})
	for s, want := range map[string]bool{
		"10.1.0.0": true, "10.1.255.255": true, "::ffff:10.1.0.1": true, "10.2.0.0": false,
		"fd12::1": true, "fd12::1%eth0": true, "fc00::1": false, "127.0.0.1": false,
	} {
		if got := g.CheckAddr(netip.MustParseAddr(s)) == nil; got != want {
			t.Errorf("CheckAddr(%s) = %v, want %v", s, got, want)
		}
	}
}

// TestURLs is B49.
func TestURLs(t *testing.T) {
	t.Parallel()
	g := newGuard(t, GuardOptions{Ports: []uint16{8443}})
	for _, raw := range []string{
		"", "x", "/x", "//evil", "http:", "http://", "http:///x", "http:x", "https:example.org", "file:///etc/passwd",
		"gopher://example.org", "javascript:alert(1)", "ftp://example.org/", "HTTPX://example.org",
		"http://user@example.org/", "http://user:pw@example.org/", "http://@example.org/", "http://example.org#x", "http://example.org/#",
		"http://example.org:99999/", "http://example.org:0/", "http://example.org:22/", "http://example.org:/", "http://example.org:080/", "http://example.org:x/",
		"http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f.1/", "http://0x7f000001/", "http://0177.0.0.1/",
		"http://127.0.0.01/", "http://0/", "http://0x/", "http://0.0.0.0/", "http://127.0.0.1./", "http://256.1.1.1/", "http://1.2.3.4.5/", "http://08.8.8.8/",
		"http://[::1]/", "http://[::]/", "http://[::ffff:7f00:1]/", "http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/",
		"http://[fe80::1%25eth0]/", "http://[2606:4700::1111%25lo]/", "http://[::1", "http://::1/", "http://[127.0.0.1]/", "http://[v1.x]/", "http://[8.8.8.8]/",
		"http://localhost/", "http://LOCALHOST/", "http://localhost./", "http://a.localhost/", "http://169.254.169.254/latest/meta-data/",
		"http://example..org/", "http://.example.org/", "http://-x.org/", "http://x-.org/", "http://exa mple.org/", "http://exa\x00mple.org/",
		"http://example.org\t/", " http://example.org", "http://example.org/\n", "http://example.org\\@evil.org/", "http://ex%61mple.org/", "http://example.org%00/",
		"http://ⓔxample.org/", "http://127。0。0。1/", "http://example.org/ä", "http://" + strings.Repeat("a", 64) + ".org/",
		"http://" + strings.Repeat("a.", 130) + "org/", "http://example.org/" + strings.Repeat("x", 2048),
	} {
		err := g.CheckURL(raw)
		fault, ok := errors.AsType[*job.Error](err)
		if !ok || fault.Code != job.Invalid || len(fault.Fields) != 1 || fault.Fields[0].Field != "url" {
			t.Errorf("CheckURL(%q) = %v, want invalid", raw, err)
			continue
		}
		if strings.Contains(err.Error(), "127.0.0.1") || strings.Contains(err.Error(), "pw") {
			t.Errorf("CheckURL(%q) tells %q", raw, err)
		}
	}
	for _, raw := range []string{
		"http://example.org", "https://example.org/", "HTTP://Example.ORG/x?y=z&a=%00", "http://example.org:80/", "https://example.org:8443/a",
		"http://example.org./", "http://a_b.example.org/", "http://8.8.8.8/", "http://[2606:4700::1111]/", "http://xn--bcher-kva.example/",
		"http://3f2a9bc0d1e2/", "http://x.4ad/", "http://single/",
	} {
		if err := g.CheckURL(raw); err != nil {
			t.Errorf("CheckURL(%q) = %v, want nil", raw, err)
		}
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	g := newGuard(t, GuardOptions{Hosts: []string{"api.example.org", "*.Example.NET."}, PrivateHosts: []string{"*.corp", "localhost"}})
	for raw, want := range map[string]bool{
		"http://api.example.org/": true, "http://API.example.org./": true, "http://x.api.example.org/": false,
		"http://a.example.net/": true, "http://a.b.example.net/": true, "http://example.net/": false, "http://xexample.net/": false,
		"http://kb.corp/": true, "http://corp/": false, "http://localhost/": true, "http://8.8.8.8/": false, "http://other.org/": false,
	} {
		if got := g.CheckURL(raw) == nil; got != want {
			t.Errorf("CheckURL(%s) = %v, want %v", raw, got, want)
		}
	}
	if !matches([]string{"*"}, "anything") {
		t.Error("* does not match")
	}
}

func TestGuardRefusesOptions(t *testing.T) {
	t.Parallel()
	for field, o := range map[string]GuardOptions{
		"allow_private[0]":       {Private: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}},
		"allow_private[1]":       {Private: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), {}}},
		"allow_hosts[0]":         {Hosts: []string{"http://example.org"}},
		"allow_hosts[1]":         {Hosts: []string{"*", "a*.org"}},
		"allow_private_hosts[0]": {PrivateHosts: []string{"*"}},
		"allow_ports":            {Ports: []uint16{0}},
	} {
		_, err := NewGuard(o)
		fault, ok := errors.AsType[*job.Error](err)
		if !ok || fault.Fields[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// resolving returns a guard whose names resolve to the given addresses, one list for
// each look-up; the last one stays.
func resolving(t testing.TB, o GuardOptions, answers ...[]string) *Guard {
	g := newGuard(t, o)
	n := 0
	g.lookup = func(_ context.Context, host string) ([]netip.Addr, error) {
		if len(answers) == 0 {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		var addrs []netip.Addr
		for _, s := range answers[min(n, len(answers)-1)] {
			addrs = append(addrs, netip.MustParseAddr(s))
		}
		n++
		return addrs, nil
	}
	return g
}

func dialError(t *testing.T, g *Guard, address string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	conn, err := g.dial(ctx, "tcp", address)
	if err == nil {
		conn.Close()
	}
	return err
}

func isForbidden(err error) bool {
	_, ok := errors.AsType[*ForbiddenError](err)
	return ok
}

// TestDial judges what a name resolves to, each time.
func TestDial(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, address string
		answers       []string
	}{
		{"private", "evil.example:80", []string{"127.0.0.1"}},
		{"public and private", "evil.example:80", []string{"192.0.3.1", "2606:4700::1111", "10.0.0.1"}},
		{"mapped", "evil.example:80", []string{"::ffff:127.0.0.1"}},
		{"literal", "127.0.0.1:80", nil},
		{"literal with zone", "[fe80::1%lo]:80", nil},
		{"odd literal", "127.1:80", []string{"192.0.3.1"}},
		{"port", "evil.example:22", []string{"192.0.3.1"}},
	} {
		g := resolving(t, GuardOptions{}, tt.answers)
		err := dialError(t, g, tt.address)
		if !isForbidden(err) || strings.Contains(err.Error(), "10.0.0.1") {
			t.Errorf("%s: %v, want ForbiddenError", tt.name, err)
		}
	}
	// The look-up answers well, the second wall sees what is dialled.
	g := newGuard(t, GuardOptions{})
	for _, address := range []string{"127.0.0.1:80", "[::1]:80", "192.0.3.1:22", "junk"} {
		if err := g.control("tcp", address, nil); err == nil {
			t.Errorf("control(%s) = nil", address)
		}
	}
}

// TestRebinding changes the name's address between creation, first and second call.
func TestRebinding(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("inside")) }))
	defer s.Close()
	port := portOfURL(t, s.URL)
	g := resolving(t, GuardOptions{Ports: []uint16{port}, Private: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}},
		[]string{"127.0.0.1"}, []string{"127.0.0.2"})
	h, err := New(Options{Guard: g})
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(s.URL)
	payload, _ := json.Marshal(map[string]string{"url": "http://rebind.example:" + u.Port()})
	if err := h.ValidatePayload(payload); err != nil {
		t.Fatal(err)
	}
	if o := run(t.Context(), t, h, string(payload)); o.err != nil {
		t.Fatalf("first call: %v", o.err)
	}
	o := run(t.Context(), t, h, string(payload))
	if o.failure.Class != "http_forbidden" || !o.failure.Permanent || o.failure.Message != "the address of rebind.example is not allowed" {
		t.Errorf("second call: %+v", o.failure)
	}
}

// TestPrivateHosts reaches a listed name wherever it leads, and no other.
func TestPrivateHosts(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("inside")) }))
	defer s.Close()
	port := portOfURL(t, s.URL)
	g := resolving(t, GuardOptions{Ports: []uint16{port}, PrivateHosts: []string{"kb.corp"}}, []string{"127.0.0.1"})
	h, err := New(Options{Guard: g})
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(s.URL)
	if o := run(t.Context(), t, h, `{"url": "http://KB.corp:`+u.Port()+`/"}`); o.err != nil {
		t.Errorf("kb.corp: %v", o.err)
	}
	if o := run(t.Context(), t, h, `{"url": "http://other.corp:`+u.Port()+`/"}`); o.failure.Class != "http_forbidden" {
		t.Errorf("other.corp: %v", o.err)
	}
}

// FuzzSSRF looks for a URL that gets past the check of its text and then inside: a
// name that resolves inside must never be dialled, and a literal that passes must be
// public by an independent rule.
func FuzzSSRF(f *testing.F) {
	for _, s := range []string{
		"http://127.0.0.1/", "http://[::ffff:7f00:1]/", "http://0x7f.1/", "http://example.org/", "http://2130706433/",
		"https://8.8.8.8:443/x", "http://[64:ff9b::7f00:1]/", "http://localhost./", "http://a@b/", "http://[fe80::1%25x]/",
	} {
		f.Add(s, []byte{127, 0, 0, 1})
		f.Add(s, []byte{0x20, 0x02, 0x7f, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})
	}
	f.Fuzz(func(t *testing.T, raw string, ip []byte) {
		fuzzAddr(t, ip)
		g := resolving(t, GuardOptions{}, []string{"127.0.0.1"})
		if g.CheckURL(raw) != nil {
			return
		}
		req, err := http.NewRequest(http.MethodGet, raw, nil)
		if err != nil {
			t.Fatalf("%q passes and is no request: %v", raw, err)
		}
		host := req.URL.Hostname()
		if addr, err := netip.ParseAddr(strings.TrimSuffix(host, ".")); err == nil {
			if !public(addr) {
				t.Fatalf("%q passes and leads to %v", raw, addr)
			}
			return
		}
		port := req.URL.Port()
		if port == "" {
			port = "80"
		}
		if err := dialError(t, g, net.JoinHostPort(host, port)); !isForbidden(err) {
			t.Fatalf("%q leads inside: %v", raw, err)
		}
	})
}

func fuzzAddr(t *testing.T, ip []byte) {
	addr, ok := netip.AddrFromSlice(ip)
	if ok && newGuard(t, GuardOptions{}).CheckAddr(addr) == nil && !public(addr) {
		t.Fatalf("%v is allowed", addr)
	}
}

// public is a rule of its own: by package net/netip, and by the embeddings of IPv4.
func public(addr netip.Addr) bool {
	addr = addr.Unmap()
	if !addr.IsValid() || !addr.IsGlobalUnicast() || addr.IsPrivate() || addr.IsLoopback() || addr.Zone() != "" {
		return false
	}
	b := addr.As16()
	switch {
	case addr.Is4():
		v4 := addr.As4()
		return v4[0] != 0 && v4[0] != 10 && v4[0] != 127 && v4[0] < 224 && (v4[0] != 100 || v4[1]&0xc0 != 64)
	case b[0] == 0, b[0] == 1: // ::/8, 64:ff9b::/96, 100::/64
		return false
	case b[0] == 0x20 && b[1] == 2: // 6to4
		return false
	case b[0] == 0x20 && b[1] == 1 && b[2] < 2: // Teredo and friends
		return false
	}
	return true
}
