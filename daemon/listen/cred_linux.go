package listen

import (
	"errors"
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// credentials returns what the kernel noted about the process that connected.
func credentials(c net.Conn) (*unix.Ucred, error) {
	raw, err := rawConn(c)
	if err != nil {
		return nil, err
	}
	var cred *unix.Ucred
	var sockErr error
	err = raw.Control(func(fd uintptr) {
		cred, sockErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err = errors.Join(err, sockErr); err != nil {
		return nil, err
	}
	return cred, nil
}

// supplementary returns the further groups of the process that connected, none when
// the kernel does not say. It knows groups that a user database on the network
// holds, which a static program cannot ask.
func supplementary(c net.Conn) []uint32 {
	raw, err := rawConn(c)
	if err != nil {
		return nil
	}
	groups := make([]uint32, 64)
	for range 2 { // once more when there are more than fit
		size := uint32(len(groups)) * 4
		var errno syscall.Errno
		err := raw.Control(func(fd uintptr) {
			_, _, errno = unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_PEERGROUPS,
				uintptr(unsafe.Pointer(&groups[0])), uintptr(unsafe.Pointer(&size)), 0)
		})
		switch {
		case err == nil && errno == 0:
			return groups[:size/4]
		case errno == unix.ERANGE && size/4 <= 65536:
			groups = make([]uint32, size/4)
		default:
			return nil
		}
	}
	return nil
}

var errNotUnix = errors.New("not a Unix socket")

func rawConn(c net.Conn) (syscall.RawConn, error) {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return nil, errNotUnix
	}
	return u.SyscallConn()
}
