package listen

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fixed returns Peers that run as uid 500, whose operators have gid 70 and whose
// user database is people.
func fixed(now func() time.Time, people map[uint32]person) *Peers {
	p := NewPeers(PeerOptions{Now: now})
	p.self = 500
	p.lookup = func(uid uint32) person { return people[uid] }
	operators := uint32(70)
	p.group, p.asked = &operators, now()
	return p
}

func TestRoles(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	p := fixed(func() time.Time { return start }, map[uint32]person{
		0:    {name: "root"},
		500:  {name: "schedd"},
		1000: {name: "alice", groups: []uint32{1000, 70}},
		1001: {name: "bob", groups: []uint32{1001}},
	})
	tests := []struct {
		name     string
		uid, gid uint32
		groups   []uint32
		want     Role
	}{
		{"root", 0, 0, nil, Admin},
		{"root in another group", 0, 1000, nil, Admin},
		{"the daemon's own user", 500, 500, nil, Admin},
		{"in the group by the user database", 1000, 1000, nil, Operator},
		{"in the group as the process's first", 1001, 70, nil, Operator},
		{"in the group as one more of the process", 1001, 1001, []uint32{5, 70}, Operator},
		{"in other groups", 1001, 1001, []uint32{0, 500, 7}, None},
		{"unknown", 1002, 1002, nil, None},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := p.peer(tt.uid, tt.gid, 1, tt.groups).Role; got != tt.want {
				t.Errorf("role of uid %d gid %d groups %v = %s, want %s", tt.uid, tt.gid, tt.groups, got, tt.want)
			}
		})
	}
}

func TestNoOperatorGroupMeansNoOperators(t *testing.T) {
	t.Parallel()
	p := NewPeers(PeerOptions{OperatorGroup: "no-such-group-here", Now: func() time.Time { return time.Unix(0, 0) }})
	p.self = 500
	if got := p.peer(1000, 0, 1, []uint32{0}).Role; got != None {
		t.Errorf("role = %s, want none", got)
	}
}

func TestMembershipIsRememberedForAMinute(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	people := map[uint32]person{1000: {name: "alice"}}
	p := NewPeers(PeerOptions{OperatorGroup: "root", Now: func() time.Time { return now }}) // gid 0 everywhere
	p.self = 500
	p.lookup = func(uid uint32) person { return people[uid] }
	role := func() Role { return p.peer(1000, 1000, 1, nil).Role }

	if got := role(); got != None {
		t.Fatalf("role before = %s, want none", got)
	}
	people[1000] = person{name: "alice", groups: []uint32{0}}
	now = now.Add(59 * time.Second)
	if got := role(); got != None {
		t.Errorf("role within the minute = %s, want the remembered none", got)
	}
	now = now.Add(time.Second)
	if got := role(); got != Operator {
		t.Errorf("role after the minute = %s, want operator", got)
	}
	people[1000] = person{name: "alice"}
	now = now.Add(-time.Hour) // the clock was set back: nothing is believed for longer
	if got := role(); got != None {
		t.Errorf("role after the clock went back = %s, want none", got)
	}
}

// TestPeerOfAConnection binds the client to a file whose name looks like
// credentials: only what the kernel says may count.
func TestPeerOfAConnection(t *testing.T) {
	t.Parallel()
	dir := short(t)
	l := open(t, filepath.Join(dir, "s"))
	peers := NewPeers(PeerOptions{Now: time.Now})
	peers.self = ^uint32(0) // so that we are an admin only if we are root

	got := make(chan Peer, 1)
	server := http.Server{
		ConnContext: peers.ConnContext,
		Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			p, _ := PeerFrom(r.Context())
			got <- p
		}),
	}
	t.Cleanup(func() { server.Close() })
	go server.Serve(l)

	local := &net.UnixAddr{Name: filepath.Join(dir, "x;uid=0;"), Net: "unix"}
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			return net.DialUnix("unix", local, &net.UnixAddr{Name: filepath.Join(dir, "s"), Net: "unix"})
		},
	}}
	resp, err := client.Get("http://schedd/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()

	uid := uint32(os.Geteuid())
	want := Peer{UID: uid, GID: uint32(os.Getegid()), PID: int32(os.Getpid()), Name: lookup(uid).name, Role: None}
	if uid == 0 {
		want.Role = Admin
	}
	if diff := cmp.Diff(want, <-got); diff != "" {
		t.Errorf("peer (-want +got):\n%s", diff)
	}
}

func TestSupplementaryGroupsComeFromTheKernel(t *testing.T) {
	t.Parallel()
	path := filepath.Join(short(t), "s")
	l := open(t, path)
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	ids, err := os.Getgroups()
	if err != nil {
		t.Fatal(err)
	}
	want := make([]uint32, 0, len(ids))
	for _, id := range ids {
		want = append(want, uint32(id))
	}
	got := supplementary(accepted)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("supplementary groups = %v, want %v", got, want)
	}
}

func TestWithoutCredentialsThereIsNoRole(t *testing.T) {
	t.Parallel()
	peers := NewPeers(PeerOptions{Now: time.Now})
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	p, ok := PeerFrom(peers.ConnContext(t.Context(), a))
	if ok || p.Role != None {
		t.Errorf("PeerFrom = %+v, %v, want no peer and no role", p, ok)
	}
	if _, err := credentials(a); !errors.Is(err, errNotUnix) {
		t.Errorf("credentials of a pipe: %v, want errNotUnix", err)
	}
}
