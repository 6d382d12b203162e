package listen

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/user"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Role is what a caller may do.
type Role string

// The roles.
const (
	None     Role = "none"     // nothing
	Operator Role = "operator" // manage jobs, without commands of their own
	Admin    Role = "admin"    // everything
)

// Peer is who is at the other end of a connection. It is fixed when the connection
// is accepted.
type Peer struct {
	UID, GID uint32
	PID      int32  // for the audit log only: the process may be gone
	Name     string // login name, or "uid:N" when the user database has none
	Role     Role
}

type peerKey struct{}

// WithPeer returns a context that carries p.
func WithPeer(ctx context.Context, p Peer) context.Context {
	return context.WithValue(ctx, peerKey{}, p)
}

// PeerFrom returns the peer of the connection that ctx belongs to. Without one, ok
// is false and the role None.
func PeerFrom(ctx context.Context) (p Peer, ok bool) {
	if p, ok = ctx.Value(peerKey{}).(Peer); !ok {
		p.Role = None
	}
	return p, ok
}

// PeerOptions says who is who.
type PeerOptions struct {
	OperatorGroup string           // "" = there are no operators
	Now           func() time.Time // required: memberships are remembered for a minute
	Logger        *slog.Logger     // nil = silent
}

// remember is how long what the user database said is believed.
const remember = time.Minute

// Peers tells who callers are. Its methods are safe for concurrent use.
type Peers struct {
	o      PeerOptions
	self   uint32
	lookup func(uid uint32) person // replaced in tests

	mu    sync.Mutex
	group *uint32 // of OperatorGroup; nil when there is none
	asked time.Time
	known map[uint32]person
}

// person is what the user database knows about a uid.
type person struct {
	name   string
	groups []uint32
}

// NewPeers returns a Peers for the user that the process runs as.
func NewPeers(o PeerOptions) *Peers {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Peers{o: o, self: uint32(os.Geteuid()), lookup: lookup, known: map[uint32]person{}}
}

// ConnContext puts the peer of c into ctx; it has the form that http.Server wants.
// A connection whose peer cannot be told gets none, and so no role.
func (p *Peers) ConnContext(ctx context.Context, c net.Conn) context.Context {
	cred, err := credentials(c)
	if err != nil {
		p.o.Logger.WarnContext(ctx, "peer unknown", slog.Any("error", err))
		return ctx
	}
	return WithPeer(ctx, p.peer(cred.Uid, cred.Gid, cred.Pid, supplementary(c)))
}

// peer decides the role: root and our own user are admins; operators are those whose
// process is in the group, or whom the user database puts there.
func (p *Peers) peer(uid, gid uint32, pid int32, groups []uint32) Peer {
	who, operators := p.ask(uid)
	peer := Peer{UID: uid, GID: gid, PID: pid, Name: who.name, Role: None}
	switch {
	case uid == 0 || uid == p.self:
		peer.Role = Admin
	case operators == nil:
	case gid == *operators || slices.Contains(groups, *operators) || slices.Contains(who.groups, *operators):
		peer.Role = Operator
	}
	return peer
}

// ask returns what the user database says about uid and the id of the operators'
// group, both at most a minute old.
func (p *Peers) ask(uid uint32) (person, *uint32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.o.Now()
	if since := now.Sub(p.asked); p.asked.IsZero() || since >= remember || since < 0 {
		p.asked, p.group = now, nil
		clear(p.known)
		if gid, ok := groupID(p.o.OperatorGroup); ok {
			g := uint32(gid)
			p.group = &g
		}
	}
	who, ok := p.known[uid]
	if !ok {
		who = p.lookup(uid)
		p.known[uid] = who
	}
	return who, p.group
}

// lookup asks the user database. Somebody it does not know has no groups.
func lookup(uid uint32) person {
	id := strconv.FormatUint(uint64(uid), 10)
	u, err := user.LookupId(id)
	if err != nil {
		return person{name: "uid:" + id}
	}
	who := person{name: u.Username}
	ids, err := u.GroupIds()
	if err != nil {
		return who
	}
	for _, s := range ids {
		if gid, err := strconv.ParseUint(s, 10, 32); err == nil {
			who.groups = append(who.groups, uint32(gid))
		}
	}
	return who
}

// groupID returns the id of a group; ok is false when there is no such group.
func groupID(name string) (gid int, ok bool) {
	if name == "" {
		return 0, false
	}
	g, err := user.LookupGroup(name)
	if err != nil {
		return 0, false
	}
	gid, err = strconv.Atoi(g.Gid)
	return gid, err == nil
}

// String is how the peer stands in logs and in created_by.
func (p Peer) String() string { return fmt.Sprintf("%s (uid %d)", p.Name, p.UID) }
