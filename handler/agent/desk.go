package agent

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/agentic-sdlc/scheduler/queue"
)

// Desk is where replies come in: those that somebody waits for are handed over, once.
type Desk struct {
	inbox   string
	mu      sync.Mutex
	waits   map[string]*wait
	dropped atomic.Int64
}

// wait is a task that is waited for.
type wait struct {
	token string
	reply chan queue.AgentReply // capacity 1
}

// NewDesk returns a desk with an inbox of its own.
func NewDesk() *Desk {
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails
	return &Desk{inbox: hex.EncodeToString(id[:]), waits: map[string]*wait{}}
}

// Inbox names the desk in the ids of its tasks.
func (d *Desk) Inbox() string { return d.inbox }

// InboxOf returns the inbox that an id of a task names; "" when it is no such id.
func InboxOf(task string) string {
	parts := strings.Split(task, ".")
	if len(parts) != 3 || len(parts[2]) != 16 {
		return ""
	}
	if _, err := hex.DecodeString(parts[2]); err != nil {
		return ""
	}
	return parts[2]
}

// open begins to wait for the replies to a task.
func (d *Desk) open(task string) *wait {
	var secret [24]byte
	_, _ = rand.Read(secret[:]) // never fails
	w := &wait{token: base64.RawURLEncoding.EncodeToString(secret[:]), reply: make(chan queue.AgentReply, 1)}
	d.mu.Lock()
	d.waits[task] = w
	d.mu.Unlock()
	return w
}

func (d *Desk) close(task string) {
	d.mu.Lock()
	delete(d.waits, task)
	d.mu.Unlock()
}

// Deliver hands a reply to whoever waits for it. False means that nobody does: it is late,
// the second one, or forged.
func (d *Desk) Deliver(r queue.AgentReply) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	w := d.waits[r.Task]
	if w == nil || subtle.ConstantTimeCompare([]byte(w.token), []byte(r.Token)) != 1 {
		d.dropped.Add(1)
		return false
	}
	delete(d.waits, r.Task)
	w.reply <- r
	return true
}

// Dropped returns how many replies nobody waited for.
func (d *Desk) Dropped() int64 { return d.dropped.Load() }
