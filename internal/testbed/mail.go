package testbed

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
)

// MailOptions configure a mail server. The zero value takes everything, unencrypted.
type MailOptions struct {
	TLS      *tls.Config // nil = it cannot encrypt
	Implicit bool        // TLS from the first byte on, not by STARTTLS
	User     string      // who may send, with AUTH PLAIN; "" = everybody
	Password string
}

// Mail is what a mail server took.
type Mail struct {
	From, User string
	To         []string
	Text       string // as it came over the wire
	Encrypted  bool
}

// MailServer is an SMTP server on loopback that keeps what it takes. Its methods are safe
// for concurrent use.
type MailServer struct {
	o        MailOptions
	listener net.Listener
	wg       sync.WaitGroup

	mu      sync.Mutex
	took    []Mail
	refuse  []string // answers to the next RCPT commands
	conns   map[net.Conn]bool
	stopped bool
}

// SMTP starts a mail server that ends with the test.
func SMTP(tb testing.TB, o MailOptions) *MailServer {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	s := &MailServer{o: o, listener: l, conns: map[net.Conn]bool{}}
	s.wg.Go(s.accept)
	tb.Cleanup(s.close)
	return s
}

// Port is where it listens, on 127.0.0.1.
func (s *MailServer) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// Took returns what it took so far.
func (s *MailServer) Took() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.took...)
}

// Refuse answers the next recipients with these lines, such as "450 busy".
func (s *MailServer) Refuse(lines ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = append(s.refuse, lines...)
}

func (s *MailServer) close() {
	s.mu.Lock()
	s.stopped = true
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	_ = s.listener.Close()
	s.wg.Wait()
}

func (s *MailServer) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[conn] = true
		stopped := s.stopped
		s.mu.Unlock()
		if stopped {
			_ = conn.Close()
			return
		}
		s.wg.Go(func() {
			s.serve(conn)
			_ = conn.Close()
			s.mu.Lock()
			delete(s.conns, conn)
			s.mu.Unlock()
		})
	}
}

// dialogue is one connection.
type dialogue struct {
	s    *MailServer
	conn net.Conn
	in   *bufio.Reader
	mail Mail
	user string
}

func (s *MailServer) serve(conn net.Conn) {
	d := &dialogue{s: s, conn: conn}
	if s.o.Implicit {
		d.encrypt()
	} else {
		d.in = bufio.NewReader(conn)
	}
	d.say("220 sink")
	for {
		line, err := d.in.ReadString('\n')
		if err != nil || !d.answer(strings.TrimRight(line, "\r\n")) {
			return
		}
	}
}

func (d *dialogue) say(line string) { _, _ = fmt.Fprintf(d.conn, "%s\r\n", line) }

func (d *dialogue) encrypt() {
	d.conn = tls.Server(d.conn, d.s.o.TLS)
	d.in = bufio.NewReader(d.conn)
	d.mail.Encrypted = true
}

// answer obeys one command; false ends the connection.
func (d *dialogue) answer(line string) bool {
	verb, rest, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "EHLO", "HELO":
		d.hello()
	case "STARTTLS":
		d.say("220 go ahead")
		d.encrypt()
	case "AUTH":
		d.login(rest)
	case "MAIL":
		d.from(rest)
	case "RCPT":
		d.recipient(rest)
	case "DATA":
		return d.data()
	case "RSET":
		d.mail.To = nil
		d.say("250 ok")
	case "NOOP":
		d.say("250 ok")
	case "QUIT":
		d.say("221 bye")
		return false
	default:
		d.say("500 what?")
	}
	return true
}

func (d *dialogue) hello() {
	d.say("250-sink")
	if d.s.o.TLS != nil && !d.mail.Encrypted {
		d.say("250-STARTTLS")
	}
	if d.s.o.User != "" {
		d.say("250-AUTH PLAIN")
	}
	d.say("250 8BITMIME")
}

func (d *dialogue) login(rest string) {
	_, coded, _ := strings.Cut(rest, " ")
	plain, _ := base64.StdEncoding.DecodeString(coded)
	if string(plain) != "\x00"+d.s.o.User+"\x00"+d.s.o.Password {
		d.say("535 5.7.8 wrong name or password")
		return
	}
	d.user = d.s.o.User
	d.say("235 welcome")
}

func (d *dialogue) from(rest string) {
	if d.s.o.User != d.user {
		d.say("530 5.7.0 who are you?")
		return
	}
	d.mail.From, d.mail.To = between(rest), nil
	d.say("250 ok")
}

func (d *dialogue) recipient(rest string) {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	if len(d.s.refuse) > 0 {
		d.say(d.s.refuse[0])
		d.s.refuse = d.s.refuse[1:]
		return
	}
	d.mail.To = append(d.mail.To, between(rest))
	d.say("250 ok")
}

// between is the address between < and >.
func between(text string) string {
	_, text, _ = strings.Cut(text, "<")
	text, _, _ = strings.Cut(text, ">")
	return text
}

func (d *dialogue) data() bool {
	d.say("354 go on")
	var text strings.Builder
	for {
		line, err := d.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		text.WriteString(strings.TrimPrefix(line, "."))
	}
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	m := d.mail
	m.Text, m.User = text.String(), d.user
	d.s.took = append(d.s.took, m)
	d.say("250 kept")
	return true
}
