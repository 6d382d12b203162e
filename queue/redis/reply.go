package redis

import (
	"bytes"
	"strconv"

	"github.com/agentic-sdlc/scheduler/queue"
)

// reply reads an answer of Redis as it was sent, in either version of its protocol.
type reply struct {
	b   []byte
	bad bool // it is not what was expected; what follows is nothing
}

// head reads the kind of what comes and its length; -1 for null.
func (r *reply) head() (kind byte, n int) {
	line, rest, ok := bytes.Cut(r.b, crlf)
	if !ok || len(line) == 0 {
		r.bad = true
		return 0, -1
	}
	r.b, kind = rest, line[0]
	if kind == '_' {
		return kind, -1
	}
	n, err := strconv.Atoi(string(line[1:]))
	r.bad = r.bad || err != nil
	return kind, n
}

var crlf = []byte("\r\n")

// refusal is an error that Redis answered with.
type refusal string

func (e refusal) Error() string { return string(e) }

// RedisError tells it from errors on the way.
func (refusal) RedisError() {}

// refusal returns the answer if it is an error.
func (r *reply) refusal() error {
	if len(r.b) == 0 || r.b[0] != '-' {
		return nil
	}
	line, _, _ := bytes.Cut(r.b[1:], crlf)
	return refusal(line)
}

// list reads the length of a list; null is an empty one.
func (r *reply) list() int {
	kind, n := r.head()
	r.bad = r.bad || kind != '*' && kind != '_'
	if r.bad {
		return 0
	}
	return max(n, 0)
}

// text reads one text.
func (r *reply) text() []byte {
	kind, n := r.head()
	if r.bad || kind != '$' || n < 0 || len(r.b) < n+2 {
		r.bad = true
		return nil
	}
	text := r.b[:n]
	r.b = r.b[n+2:]
	return text
}

// messages reads the answer to XREADGROUP of one stream, at most n messages.
func (r *reply) messages(rank, n int) []queue.Delivery {
	kind, streams := r.head()
	if streams <= 0 || r.bad {
		return nil
	}
	if kind == '*' { // version 2 has a list of pairs, version 3 a map
		r.list()
	}
	r.text()
	got := make([]queue.Delivery, 0, min(n, len(r.b)/64))
	var same texts
	for range r.list() {
		if r.bad {
			break
		}
		r.list()
		id := string(r.text())
		var m queue.Message
		fields := r.list()
		for i := 0; i+1 < fields && !r.bad; i += 2 {
			name := r.text()
			setField(&m, string(name), same.of(name, r.text()))
		}
		if r.bad {
			break
		}
		got = append(got, delivery(rank, id, m, 1))
	}
	return got
}

// texts remembers what fields said: most messages say the same of all but a few things.
type texts struct{ platform, handler, priority string }

func (t *texts) of(name, value []byte) string {
	var had *string
	switch string(name) {
	case fieldPlatform:
		had = &t.platform
	case fieldHandler:
		had = &t.handler
	case fieldPriority:
		had = &t.priority
	default:
		return string(value)
	}
	if *had != string(value) {
		*had = string(value)
	}
	return *had
}
