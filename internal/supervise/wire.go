package supervise

import (
	"encoding/binary"
	"errors"
)

// A kind is what a message on the link says.
type kind byte

const (
	// From the daemon to the supervisor.
	msgStart kind = 's' // text: path, dir, argv…, env…; nums: len(argv); files: stdin, stdout, stderr
	msgStop  kind = 'k' // nums: grace in milliseconds; 0 or less = SIGKILL at once

	// From the supervisor to the daemon.
	msgHello   kind = 'h' // nums: pid of the supervisor
	msgStarted kind = 'p' // nums: pid of the command
	msgFailed  kind = 'f' // nums: errno; the command was not started
	msgExited  kind = 'e' // nums: see exitNums
	msgStuck   kind = 'u' // the command survives SIGKILL; nothing more follows
)

// message is everything that travels on the link. id is the number of the command.
type message struct {
	kind kind
	id   uint64
	nums []int64
	text []string
}

var errBadMessage = errors.New("malformed message on the supervisor's link")

func (m message) num(i int) int64 {
	if i < len(m.nums) {
		return m.nums[i]
	}
	return 0
}

// encode writes kind, id, then both lists with their lengths in front.
func (m message) encode() []byte {
	size := 32 + 10*len(m.nums)
	for _, s := range m.text {
		size += len(s) + 4
	}
	b := make([]byte, 0, size)
	b = append(b, byte(m.kind))
	b = binary.AppendUvarint(b, m.id)
	b = binary.AppendUvarint(b, uint64(len(m.nums)))
	for _, n := range m.nums {
		b = binary.AppendVarint(b, n)
	}
	b = binary.AppendUvarint(b, uint64(len(m.text)))
	for _, s := range m.text {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

// decodeMessage reads what encode wrote, and nothing else.
func decodeMessage(b []byte) (message, error) {
	if len(b) == 0 {
		return message{}, errBadMessage
	}
	d := decoder{rest: b[1:]}
	m := message{kind: kind(b[0]), id: d.uvarint()}
	for range d.count() {
		m.nums = append(m.nums, d.varint())
	}
	for range d.count() {
		m.text = append(m.text, d.string())
	}
	if d.bad || len(d.rest) > 0 {
		return message{}, errBadMessage
	}
	return m, nil
}

// decoder takes values off the front of rest; after the first mistake all are zero.
type decoder struct {
	rest []byte
	bad  bool
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	d.skip(n)
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.rest)
	d.skip(n)
	return v
}

func (d *decoder) skip(n int) {
	if n <= 0 {
		d.bad, d.rest = true, nil
		return
	}
	d.rest = d.rest[n:]
}

// count reads the length of a list, whose items take a byte each at least.
func (d *decoder) count() int {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.bad, d.rest = true, nil
		return 0
	}
	return int(n)
}

func (d *decoder) string() string {
	n := d.count()
	s := string(d.rest[:n])
	d.rest = d.rest[n:]
	return s
}
