package chaos

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"time"
)

// rawCaller sends requests over one connection and wants nothing of the answers but their
// status: the callers of a flood take little of the machine from the nodes.
type rawCaller struct {
	socket string
	conn   net.Conn // nil = not connected
	in     *bufio.Reader
}

func newCaller(socket string) *rawCaller { return &rawCaller{socket: socket} }

func (c *rawCaller) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// post sends a request, and returns its status.
func (c *rawCaller) post(path, body string) (status int, err error) {
	if c.conn == nil {
		if c.conn, err = net.DialTimeout("unix", c.socket, time.Second); err != nil {
			return 0, err
		}
		c.in = bufio.NewReader(c.conn)
	}
	if err := c.conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return 0, err
	}
	if _, err := fmt.Fprintf(c.conn, "POST %s HTTP/1.1\r\nHost: schedd\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body); err != nil {
		return 0, err
	}
	r := textproto.NewReader(c.in)
	line, err := r.ReadLine()
	if err != nil {
		return 0, err
	}
	if len(line) < 12 {
		return 0, fmt.Errorf("answer %q", line)
	}
	if status, err = strconv.Atoi(line[9:12]); err != nil {
		return 0, err
	}
	header, err := r.ReadMIMEHeader()
	if err != nil {
		return 0, err
	}
	length, err := strconv.Atoi(header.Get("Content-Length"))
	if err != nil {
		return 0, fmt.Errorf("answer without length: %w", err)
	}
	_, err = io.CopyN(io.Discard, c.in, int64(length))
	return status, err
}
