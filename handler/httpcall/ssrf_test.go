package httpcall

import (
	"encoding/json"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// TestNothingInside is V16: listeners on loopback see no connection, whatever the URL
// says and whatever its name resolves to, be it of a job, of a redirect, or of others who
// use the client.
func TestNothingInside(t *testing.T) {
	t.Parallel()
	var seen atomic.Int64
	four, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := four.Addr().(*net.TCPAddr).Port
	listeners := []net.Listener{four}
	for _, address := range []string{"127.0.0.2", "[::1]"} { // not every machine has IPv6
		if l, err := net.Listen("tcp", address+":"+strconv.Itoa(port)); err == nil {
			listeners = append(listeners, l)
		}
	}
	for _, l := range listeners {
		defer l.Close()
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				seen.Add(1)
				conn.Close()
			}
		}()
	}
	forms := strings.Fields(`
		http://127.0.0.1:P/ http://127.0.0.2:P/ http://127.1:P/ http://127.0.1:P/ http://2130706433:P/ http://017700000001:P/ http://0x7f000001:P/ http://0x7f.0.0.1:P/
		http://0177.0.0.1:P/ http://0177.0.0.01:P/ http://127.0.0.1.:P/ http://0:P/ http://0.0.0.0:P/ http://0.0:P/ http://00:P/ http://0x0:P/ http://[::]:P/ http://[::1]:P/
		http://[0:0:0:0:0:0:0:1]:P/ http://[::ffff:127.0.0.1]:P/ http://[::ffff:7f00:1]:P/ http://[::FFFF:7F00:0001]:P/ http://[::127.0.0.1]:P/ http://[64:ff9b::127.0.0.1]:P/
		http://[64:ff9b::7f00:1]:P/ http://[64:ff9b:1::7f00:1]:P/ http://[2002:7f00:1::]:P/ http://[2001:0:7f00:1::]:P/ http://[fe80::1%25lo]:P/ http://[::1%25lo]:P/ http://[::ffff:0:127.0.0.1]:P/
		http://localhost:P/ http://LocalHost:P/ http://localhost.:P/ http://a.localhost:P/ http://ip6-localhost:P/ http://localhost.localdomain:P/
		http://127.0.0.1:P@example.org/ http://example.org@127.0.0.1:P/ http://example.org:80@127.0.0.1:P/ http://127.0.0.1:P#@example.org/ http://example.org#@127.0.0.1:P/
		http://example.org\@127.0.0.1:P/ http://127.0.0.1:P\@example.org/ http:\\127.0.0.1:P\ http:/127.0.0.1:P/ http:127.0.0.1:P/ //127.0.0.1:P/ http:///127.0.0.1:P/ http://127.0.0.1%00.example.org:P/
		http://127.0.0.1%2eexample.org:P/ http://127%2e0%2e0%2e1:P/ http://%31%32%37.0.0.1:P/ http://①②⑦.⓪.⓪.①:P/ http://127。0。0。1:P/ http://127.0.0.1:0P/ http://127.0.0.1:+P/ http://127.0.0.1:P:80/
		HTTP://127.0.0.1:P/ hTTps://127.0.0.1:P/ https://[::1]:P/ ftp://127.0.0.1:P/ gopher://127.0.0.1:P/_x ws://127.0.0.1:P/ dict://127.0.0.1:P/ unix:///127.0.0.1:P file://127.0.0.1:P/etc/passwd
		http://inside.example:P/ https://inside.example:P/x http://INSIDE.example.:P/ http://127.0.0.1.nip.example:P/ http://169.254.169.254:P/latest/ http://100.100.100.200:P/ http://[fd00:ec2::254]:P/`)
	answers := [][]string{
		{"127.0.0.1"}, {"::1"}, {"::ffff:127.0.0.1"}, {"0.0.0.0"}, {"::"}, {"192.0.3.1", "127.0.0.1"}, {"127.0.0.1", "192.0.3.1"}, {"2606:4700::1111", "::1"}, {"64:ff9b::7f00:1"}, {"2002:7f00:1::"}, {"127.0.0.2"},
	}
	tried := 0
	for _, form := range forms {
		target := strings.ReplaceAll(form, "P", strconv.Itoa(port))
		if strings.HasPrefix(form, "HTTP:") {
			target = strings.Replace(form, ":P/", ":"+strconv.Itoa(port)+"/", 1)
		}
		for _, answer := range answers {
			g := resolving(t, GuardOptions{Ports: []uint16{uint16(port)}}, answer)
			h, err := New(Options{Guard: g})
			if err != nil {
				t.Fatal(err)
			}
			payload, _ := json.Marshal(map[string]string{"url": target})
			if o := run(t.Context(), t, h, string(payload)); o.err == nil {
				t.Errorf("%s was called, with its name at %v", target, answer)
			}
			if resp, err := g.Client().Get(target); err == nil { //nolint:noctx // it goes nowhere
				resp.Body.Close()
				t.Errorf("%s was fetched, with its name at %v", target, answer)
			}
			tried++
			if !strings.Contains(form, "example") && !strings.Contains(form, "local") {
				break // no name is looked up
			}
		}
	}
	if n := seen.Load(); n != 0 {
		t.Errorf("the listeners saw %d connections", n)
	}
	g := newGuard(t, GuardOptions{Ports: []uint16{uint16(port)}, Private: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	if _, err := g.Client().Get("http://" + four.Addr().String()); err == nil || seen.Load() == 0 { //nolint:noctx,bodyclose // it is hung up on
		t.Errorf("the listeners see nothing at all: %v", err)
	}
	if len(forms) < 60 {
		t.Errorf("%d forms, want 60 at least", len(forms))
	}
	t.Logf("%d forms of URLs, %d with answers: no connection", len(forms), tried)
}
