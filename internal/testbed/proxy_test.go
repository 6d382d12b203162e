package testbed

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// echo starts a server that answers every chunk in capitals, and says "bye" when the
// client ends its way.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				b := make([]byte, 1024)
				for {
					n, err := c.Read(b)
					if errors.Is(err, io.EOF) {
						_, _ = c.Write([]byte("bye"))
					}
					if err != nil {
						return
					}
					_, _ = c.Write(bytes.ToUpper(b[:n]))
				}
			}()
		}
	}()
	return l.Addr().String()
}

// talk is a client of the proxy.
type talk struct {
	t *testing.T
	*net.TCPConn
}

func dial(t *testing.T, p *Proxy) talk {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return talk{t, c.(*net.TCPConn)}
}

func (c talk) say(text string) {
	c.t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// hear reads until so many bytes came or within has passed, and returns also the error.
func (c talk) hear(n int, within time.Duration) (string, error) {
	_ = c.SetReadDeadline(time.Now().Add(within))
	b := make([]byte, n)
	n, err := io.ReadFull(c, b)
	return string(b[:n]), err
}

func (c talk) wantReset(heard string) {
	c.t.Helper()
	if got, err := c.hear(100, patience); got != heard || !errors.Is(err, syscall.ECONNRESET) {
		c.t.Errorf("heard %q, %v; want %q and a reset", got, err, heard)
	}
}

// wantRefused checks that a new connection is reset, perhaps before it is returned.
func wantRefused(t *testing.T, p *Proxy) {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	if err == nil {
		defer c.Close()
		_ = c.SetReadDeadline(time.Now().Add(patience))
		_, err = c.Read(make([]byte, 1))
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a new connection ends with %v, want a reset", err)
	}
}

func (c talk) want(text string) {
	c.t.Helper()
	if got, err := c.hear(len(text), patience); got != text || err != nil {
		c.t.Errorf("heard %q, %v; want %q", got, err, text)
	}
}

func TestProxyForwards(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, "tcp", echo(t))
	a, b := dial(t, p), dial(t, p)
	a.say("one")
	b.say("two")
	b.want("TWO")
	a.want("ONE")
	if p.Connections() != 2 || p.Carried(ToServer) != 6 || p.Carried(ToClient) != 6 {
		t.Errorf("%d connections carried %d and %d bytes, want 2, 6, 6", p.Connections(), p.Carried(ToServer), p.Carried(ToClient))
	}
	_ = a.CloseWrite()
	if got, err := a.hear(100, patience); got != "bye" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("after the client's end heard %q, %v; want bye and the end", got, err)
	}
}

func TestProxyStalls(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, "tcp", echo(t))
	a := dial(t, p)
	a.say("x")
	a.want("X")
	p.Stall()
	a.say("one")
	if got, err := a.hear(3, 50*time.Millisecond); got != "" || err == nil {
		t.Errorf("heard %q during the stall", got)
	}
	p.Resume()
	a.want("ONE")
}

func TestProxyFreezes(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, "tcp", echo(t))
	a := dial(t, p)
	a.say("x")
	a.want("X")
	p.Freeze()
	b := dial(t, p)
	b.say("new")
	b.want("NEW")
	a.say("one")
	if got, err := a.hear(3, 50*time.Millisecond); got != "" || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("heard %q, %v on a frozen connection", got, err)
	}
}

func TestProxyDelays(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, "tcp", echo(t))
	a := dial(t, p)
	p.Delay(30 * time.Millisecond)
	began := time.Now()
	a.say("one")
	a.want("ONE")
	if took := time.Since(began); took < 60*time.Millisecond {
		t.Errorf("there and back took %v, want 60ms at least", took)
	}
}

func TestProxyResetsAndRefuses(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, "tcp", echo(t))
	a := dial(t, p)
	a.say("one")
	a.want("ONE")
	p.Reset()
	a.wantReset("")
	p.Refuse(true)
	wantRefused(t, p)
	p.Refuse(false)
	a = dial(t, p)
	a.say("two")
	a.want("TWO")
}

func TestProxyHalfCloses(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, "tcp", echo(t))
	a := dial(t, p)
	a.say("one")
	a.want("ONE")
	p.HalfClose(ToClient)
	if got, err := a.hear(1, patience); !errors.Is(err, io.EOF) {
		t.Errorf("heard %q, %v; want the end", got, err)
	}
	before := p.Carried(ToServer)
	a.say("two")
	Eventually(t, "the other way is open", patience, func() bool { return p.Carried(ToServer) == before+3 })
}

func TestProxyCuts(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, "tcp", echo(t))
	for _, tt := range []struct {
		name  string
		cut   func()
		heard string
	}{
		{"after bytes to the client", func() { p.CutAfter(ToClient, 5) }, "HELLO"},
		{"after bytes to the server", func() { p.CutAfter(ToServer, 0) }, ""},
		{"before a text", func() { p.CutBefore("lo w") }, ""},
		{"in place of the reply", func() { p.CutReply("lo w") }, ""},
	} {
		a := dial(t, p)
		tt.cut()
		if strings.HasPrefix(tt.name, "in place") { // only its own connection is cut
			b := dial(t, p)
			b.say("other")
			b.want("OTHER")
		}
		before := p.Carried(ToServer)
		a.say("hello world")
		a.wantReset(tt.heard)
		if got, want := p.Carried(ToServer)-before == 11, tt.heard != "" || strings.HasPrefix(tt.name, "in place"); got != want {
			t.Errorf("%s: reached the server: %t, want %t", tt.name, got, want)
		}
		b := dial(t, p) // it works once
		b.say("hello world")
		b.want("HELLO WORLD")
	}
	if p.Cuts() != 4 {
		t.Errorf("Cuts() = %d, want 4", p.Cuts())
	}
}

func TestProxyWithoutServer(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, "unix", "/nonexistent/socket")
	wantRefused(t, p)
}
