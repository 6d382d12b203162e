package supervise

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	fragment = 32 << 10 // bytes of a message in one packet
	maxFiles = 3
)

// link carries messages over a seqpacket socket. A message longer than a packet
// is sent in fragments; each packet starts with a byte that says whether more
// follow. send is safe for concurrent use, receive is not.
type link struct {
	conn *net.UnixConn
	mu   sync.Mutex
	buf  []byte
}

// newLink takes over the socket f, which it closes.
func newLink(f *os.File) (*link, error) {
	defer f.Close()
	conn, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("supervisor link: %w", err)
	}
	seqpacket, ok := conn.(*net.UnixConn)
	if !ok {
		conn.Close()
		return nil, fmt.Errorf("supervisor link: %T is no unix socket", conn)
	}
	return &link{conn: seqpacket, buf: make([]byte, fragment+1)}, nil
}

// linkPair returns the two ends of a new link.
func linkPair() (ours *link, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	theirs = os.NewFile(uintptr(fds[1]), "link")
	ours, err = newLink(os.NewFile(uintptr(fds[0]), "link"))
	if err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return ours, theirs, nil
}

func (l *link) close() { l.conn.Close() }

// send writes m; the files travel with its last packet and stay open here too. errGone
// says that the other side did not get it and never will get anything any more.
func (l *link) send(m message, fds ...int) error {
	var rights []byte
	if len(fds) > 0 {
		rights = unix.UnixRights(fds...)
	}
	body := m.encode()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.conn.SetWriteDeadline(clock().Add(sendWithin)); err != nil {
		return errGone
	}
	for first := true; ; first = false {
		n := min(len(body), fragment)
		packet := append([]byte{0}, body[:n]...)
		body = body[n:]
		var err error
		if len(body) > 0 {
			packet[0] = 1
			_, err = l.conn.Write(packet)
		} else {
			_, _, err = l.conn.WriteMsgUnix(packet, rights, nil)
		}
		switch {
		case err == nil && len(body) == 0:
			return nil
		case err == nil:
		case first && isLack(err):
			return err
		default: // gone, stuck, or left with half a message
			l.conn.Close()
			return errGone
		}
	}
}

// isLack says whether the system lacked something, which may be there next time.
func isLack(err error) bool {
	for _, lack := range []error{unix.ENOBUFS, unix.ENOMEM, unix.EMSGSIZE, unix.ETOOMANYREFS, unix.EMFILE} {
		if errors.Is(err, lack) {
			return true
		}
	}
	return false
}

// receive reads the next message; io.EOF says that the other side is gone. The file
// descriptors are close-on-exec and the caller's.
func (l *link) receive() (message, []int, error) {
	var body []byte
	var fds []int
	rights := make([]byte, unix.CmsgSpace(4*maxFiles))
	for {
		n, rn, _, _, err := l.conn.ReadMsgUnix(l.buf, rights)
		if err != nil {
			closeFDs(fds)
			return message{}, nil, err
		}
		fds = append(fds, fdsOf(rights[:rn])...)
		body = append(body, l.buf[1:n]...)
		if l.buf[0] == 0 {
			break
		}
	}
	m, err := decodeMessage(body)
	if err != nil {
		closeFDs(fds)
		return message{}, nil, err
	}
	return m, fds, nil
}

func fdsOf(rights []byte) []int {
	controls, err := syscall.ParseSocketControlMessage(rights)
	if err != nil {
		return nil
	}
	var all []int
	for _, c := range controls {
		if fds, err := syscall.ParseUnixRights(&c); err == nil {
			all = append(all, fds...)
		}
	}
	return all
}

func closeFDs(fds []int) {
	for _, fd := range fds {
		unix.Close(fd)
	}
}

func closeAll(files []*os.File) {
	for _, f := range files {
		if f != nil {
			f.Close()
		}
	}
}

func descriptors(files []*os.File) []int {
	fds := make([]int, len(files))
	for i, f := range files {
		fds[i] = int(f.Fd())
	}
	return fds
}
