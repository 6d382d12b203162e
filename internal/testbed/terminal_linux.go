package testbed

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Terminal is a terminal with 500 lines. A program gets Far as its input and output; the
// test closes Far once the program has it.
type Terminal struct {
	Far    *os.File
	Closed chan struct{} // closed when no program has Far any more

	near *os.File
	mu   sync.Mutex
	seen bytes.Buffer
}

// NewTerminal opens a terminal of so many columns.
func NewTerminal(t testing.TB, columns uint16) *Terminal {
	t.Helper()
	near, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = near.Close() })
	if err := unix.IoctlSetPointerInt(int(near.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(near.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	far, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	tty := &Terminal{Far: far, Closed: make(chan struct{}), near: near}
	tty.Resize(t, columns)
	go tty.read()
	return tty
}

// read keeps what programs write, until the last of them has closed the other end.
func (tty *Terminal) read() {
	defer close(tty.Closed)
	buf := make([]byte, 4096)
	for {
		n, err := tty.near.Read(buf)
		tty.mu.Lock()
		tty.seen.Write(buf[:n])
		tty.mu.Unlock()
		if err != nil { // EIO: the other end is closed
			return
		}
	}
}

// Resize gives the terminal another width.
func (tty *Terminal) Resize(t testing.TB, columns uint16) {
	t.Helper()
	if err := unix.IoctlSetWinsize(int(tty.near.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 500, Col: columns}); err != nil {
		t.Fatal(err)
	}
}

// Text is what was written to the terminal so far.
func (tty *Terminal) Text() string {
	tty.mu.Lock()
	defer tty.mu.Unlock()
	return strings.ReplaceAll(tty.seen.String(), "\r\n", "\n")
}
