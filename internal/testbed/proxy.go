package testbed

import (
	"bytes"
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Direction is a way through a Proxy.
type Direction int

// The ways.
const (
	ToServer Direction = iota
	ToClient
)

// Proxy forwards connections from a loopback port to a server, and breaks them when
// told to. Its methods are safe for concurrent use and hold for connections that are
// open and for those to come.
type Proxy struct {
	network, address string // of the server
	listener         net.Listener
	wg               sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	refuse  bool
	resume  chan struct{} // closed by Resume; nil while nothing is stalled
	delay   time.Duration
	cut     *cut
	links   map[*link]struct{}
	cuts    int
	carried [2]int64
}

// cut says when the next connection breaks.
type cut struct {
	way   Direction
	after int64  // bytes that still pass
	text  []byte // or what must be seen
	reply bool   // the text passes, and the connection breaks in place of the reply
	of    *link  // nil: of any connection
}

// link is one connection through the proxy.
type link struct {
	ends   [2]net.Conn // by where a Direction leads: server, client
	once   sync.Once
	frozen atomic.Bool
	gone   chan struct{} // closed by reset
}

// NewProxy returns a proxy in front of a server, which ends with the test. The
// network is "tcp" or "unix".
func NewProxy(t testing.TB, network, address string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{network: network, address: address, listener: l, links: make(map[*link]struct{})}
	p.wg.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

// Addr returns host and port of the proxy.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Stall stops forwarding: connections stay open and nothing comes.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.resume == nil {
		p.resume = make(chan struct{})
	}
}

// Resume ends a stall; what was held back is forwarded.
func (p *Proxy) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.resume != nil {
		close(p.resume)
		p.resume = nil
	}
}

// Freeze stops forwarding for the connections that are open, for good, and leaves
// those to come alone: a network that lost them without a word.
func (p *Proxy) Freeze() {
	for _, l := range p.open() {
		l.frozen.Store(true)
	}
}

// Delay holds back each chunk for d; 0 ends it.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// Refuse resets new connections at once, or no longer does.
func (p *Proxy) Refuse(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = on
}

// Reset breaks all open connections.
func (p *Proxy) Reset() {
	for _, l := range p.open() {
		l.reset()
	}
}

// HalfClose ends one way of all open connections; the other way stays open.
func (p *Proxy) HalfClose(way Direction) {
	for _, l := range p.open() {
		if end, ok := l.ends[way].(interface{ CloseWrite() error }); ok {
			_ = end.CloseWrite()
		}
	}
}

// CutAfter breaks the connection that carries the n-th byte from now, of all
// connections together, just behind that byte. It works once.
func (p *Proxy) CutAfter(way Direction, n int64) { p.setCut(&cut{way: way, after: n}) }

// CutBefore breaks the connection whose client sends the text, which does not reach
// the server. It works once. A text that comes in pieces is not seen.
func (p *Proxy) CutBefore(text string) { p.setCut(&cut{way: ToServer, text: []byte(text)}) }

// CutReply lets the text reach the server and breaks the connection when the server
// replies: it was done, and the client cannot know. It works once.
func (p *Proxy) CutReply(text string) {
	p.setCut(&cut{way: ToServer, text: []byte(text), reply: true})
}

func (p *Proxy) setCut(c *cut) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = c
}

// Cuts returns how many connections CutAfter, CutBefore and CutReply broke.
func (p *Proxy) Cuts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cuts
}

// Carried returns how many bytes went one way.
func (p *Proxy) Carried(way Direction) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.carried[way]
}

// Connections returns how many connections are open.
func (p *Proxy) Connections() int { return len(p.open()) }

func (p *Proxy) open() []*link {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []*link
	for l := range p.links {
		all = append(all, l)
	}
	return all
}

func (p *Proxy) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.Resume()
	p.Delay(0)
	_ = p.listener.Close()
	p.Reset()
	p.wg.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wg.Go(func() { p.serve(client) })
	}
}

func (p *Proxy) serve(client net.Conn) {
	server, err := (&net.Dialer{Timeout: patience}).DialContext(context.Background(), p.network, p.address)
	l := &link{ends: [2]net.Conn{ToServer: server, ToClient: client}, gone: make(chan struct{})}
	if err != nil {
		abort(client)
		return
	}
	p.mu.Lock()
	refused := p.refuse || p.closed
	if !refused {
		p.links[l] = struct{}{}
	}
	p.mu.Unlock()
	if refused {
		l.reset()
		return
	}
	var ways sync.WaitGroup
	ways.Go(func() { p.pump(l, ToServer) })
	ways.Go(func() { p.pump(l, ToClient) })
	ways.Wait()
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
	_, _ = server.Close(), client.Close()
}

// pump forwards one way until it ends, and hands on the end.
func (p *Proxy) pump(l *link, way Direction) {
	from, to := l.ends[1-way], l.ends[way]
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			p.hold(l)
			pass, broken := p.pass(l, way, buffer[:n])
			if _, err := to.Write(pass); err != nil || broken {
				l.reset()
				return
			}
		}
		if err != nil {
			p.hold(l)
			if end, ok := to.(interface{ CloseWrite() error }); ok {
				_ = end.CloseWrite()
			}
			return
		}
	}
}

// hold waits for the end of a stall and for the delay.
func (p *Proxy) hold(l *link) {
	p.mu.Lock()
	resume, delay := p.resume, p.delay
	p.mu.Unlock()
	if resume != nil {
		<-resume
	}
	if l.frozen.Load() {
		<-l.gone
	}
	time.Sleep(delay)
}

// pass returns what of a chunk is forwarded, and whether the connection then breaks.
func (p *Proxy) pass(l *link, way Direction, chunk []byte) (forward []byte, broken bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.cut; c != nil && c.way == way && (c.of == nil || c.of == l) {
		switch {
		case c.text == nil && c.after <= int64(len(chunk)):
			chunk, broken = chunk[:c.after], true
		case c.text == nil:
			c.after -= int64(len(chunk))
		case bytes.Contains(chunk, c.text) && c.reply:
			p.cut = &cut{way: ToClient, of: l}
		case bytes.Contains(chunk, c.text):
			chunk, broken = nil, true
		}
		if broken {
			p.cut = nil
			p.cuts++
		}
	}
	p.carried[way] += int64(len(chunk))
	return chunk, broken
}

// reset breaks both ends without a word.
func (l *link) reset() {
	l.once.Do(func() {
		close(l.gone)
		abort(l.ends[ToClient])
		abort(l.ends[ToServer])
	})
}

// abort closes a connection so that the other side of a TCP connection sees a reset.
func abort(c net.Conn) {
	if c == nil {
		return
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}
