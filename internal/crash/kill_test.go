//go:build linux

package crash

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// nemesis kills schedd again and again.
type nemesis struct {
	*load
	random *rand.Rand
	bySig  int
}

// points are where a kill hits inside the process, with how many times the place is
// passed at most before; a quarter of all kills are inside a commit.
var points = []struct {
	name string
	most int
}{{"before_commit", 25}, {"after_commit", 25}, {"before_commit", 25}, {"planned", 6}, {"before_commit", 25}, {"settled", 6}, {"before_commit", 25}}

// strike kills one life of schedd: at a random instant, right after an answer, or at a
// failpoint.
func (n *nemesis) strike(i int) {
	n.t.Helper()
	if i%2 == 0 {
		n.up()
		after := 50*time.Millisecond + time.Duration(n.random.Int64N(int64(750*time.Millisecond)))
		if i%6 == 0 && len(n.made) < 60 {
			n.churn(i)
			after = 0 // what was answered a moment ago must hold
		}
		if n.ended(after) {
			n.t.Fatalf("schedd ended by itself: %v", n.proc.err)
		}
		if i%8 == 2 {
			n.killAll() // nobody is left to end the commands
		} else {
			n.kill()
		}
		n.bySig++
		return
	}
	p := points[i/2%len(points)]
	n.start(fmt.Sprintf("SCHEDD_FAILPOINTS=%s=kill@%d", p.name, 1+n.random.IntN(p.most)), "SCHEDD_FAILPOINT_LOG="+n.path("fired"))
	if !n.ended(60 * time.Second) {
		n.t.Fatalf("schedd never came to %s", p.name)
	}
	n.client.Close()
}

// fired counts the kills inside the process.
func (n *nemesis) fired(name string) int {
	text, _ := os.ReadFile(n.path("fired"))
	return bytes.Count(text, []byte(name+"\n"))
}

// number reads a number from the environment.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestKill kills schedd under load, then judges every slot and every start.
func TestKill(t *testing.T) {
	t.Parallel()
	kills := int(number(t, "SCHEDD_CRASH_KILLS", 12))
	seed := number(t, "SCHEDD_CRASH_SEED", uint64(time.Now().UnixNano()))
	t.Logf("SCHEDD_CRASH_SEED=%d", seed)
	s := newSite(t, "worker: {lease: 2s, heartbeat: 500ms, reap_every: 500ms, commands: 32}\n")
	s.up()
	w := newLoad(t, s, kills)
	s.kill()
	n := &nemesis{load: w, random: rand.New(rand.NewPCG(seed, 0))}
	for i := range kills {
		n.strike(i)
	}
	s.up()
	w.kept()
	w.quiesce()
	s.balanced(len(w.promises) + len(w.made))
	s.stop(60 * time.Second)
	s.quiet()

	rows, ranges := s.book()
	v := judge(w.promises, rows, ranges, readMarks(t, w.witness))
	for i, fault := range v.faults {
		if i < 30 {
			t.Error(fault)
		}
	}
	all := n.bySig
	for _, name := range []string{"before_commit", "after_commit", "planned", "settled"} {
		t.Logf("kills at %s: %d", name, n.fired(name))
		all += n.fired(name)
	}
	if all != kills || n.fired("before_commit") < kills/4 {
		t.Errorf("%d kills happened, %d of them inside a commit; want %d and a quarter of them", all, n.fired("before_commit"), kills)
	}
	t.Logf("executions: %v", v.ended)
	line := fmt.Sprintf("accept: kills=%d inside_commit=%d slots=%d starts=%d restarts=%d doubled=%d lost=%d", all, n.fired("before_commit"), v.slots, v.starts, s.starts-1, v.doubled, v.lost)
	t.Log(line)
	fmt.Println(line)
}
