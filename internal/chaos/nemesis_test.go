package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// budget says how often each fault happens in a run.
type budget struct{ kills, pauses, flushes, redisKills, postgresKills, cuts, clocks, stops int }

// nemesis breaks things, two at a time at most, and makes them whole again.
type nemesis struct {
	w    *site
	dice *rand.Rand
	mu   sync.Mutex
	log  []Fault
	busy map[string]*sync.Mutex // of each part: one fault at a time
	did  map[string]int
}

func newNemesis(w *site, dice *rand.Rand) *nemesis {
	n := &nemesis{w: w, dice: dice, busy: map[string]*sync.Mutex{}, did: map[string]int{}}
	for _, node := range w.nodes {
		n.busy[node.name] = &sync.Mutex{}
	}
	n.busy["redis"], n.busy["postgres"] = &sync.Mutex{}, &sync.Mutex{}
	return n
}

// note logs a fault that is healed.
func (n *nemesis) note(kind, target string, from time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.log = append(n.log, Fault{Kind: kind, Target: target, From: from.UTC(), Until: time.Now().UTC()})
	n.did[kind]++
}

// act is one fault with its parameters drawn.
type act struct {
	kind   string
	node   int
	length time.Duration // how long it is broken
	how    int
}

// plan draws the faults of a run, in their order.
func (n *nemesis) plan(b budget) []act {
	var acts []act
	for kind, times := range map[string]int{
		"kill": b.kills, "pause": b.pauses, "flush": b.flushes, "redis": b.redisKills, "postgres": b.postgresKills, "cut": b.cuts, "clock": b.clocks, "stop": b.stops,
	} {
		for range times {
			acts = append(acts, act{kind: kind})
		}
	}
	slices.SortFunc(acts, func(a, b act) int { // a map has no order, a seed must
		if a.kind < b.kind {
			return -1
		}
		return 1
	})
	n.dice.Shuffle(len(acts), func(i, j int) { acts[i], acts[j] = acts[j], acts[i] })
	for i := range acts {
		a := &acts[i]
		a.node, a.how = n.dice.IntN(len(n.w.nodes)), n.dice.IntN(1000)
		switch a.kind {
		case "kill", "stop":
			a.length = time.Duration(n.dice.IntN(1000)) * time.Millisecond
		case "pause":
			a.length = 2500*time.Millisecond + time.Duration(n.dice.IntN(2500))*time.Millisecond // more than a lease
		case "cut":
			a.length = time.Duration(500+n.dice.IntN(4000)) * time.Millisecond
		default:
			a.length = time.Duration(200+n.dice.IntN(2500)) * time.Millisecond
		}
	}
	return acts
}

// live does the acts in two lanes, spread over the length, until all are done or ctx
// ends.
func (n *nemesis) live(ctx context.Context, acts []act, length time.Duration) {
	began := time.Now()
	queue := make(chan act)
	var lanes sync.WaitGroup
	for range 2 {
		lanes.Go(func() {
			for a := range queue {
				n.do(context.WithoutCancel(ctx), a)
			}
		})
	}
feeding:
	for i, a := range acts {
		pause(ctx, time.Until(began.Add(length*time.Duration(i)/time.Duration(len(acts)))))
		select {
		case queue <- a:
		case <-ctx.Done():
			break feeding
		}
	}
	close(queue)
	lanes.Wait()
}

func (n *nemesis) do(ctx context.Context, a act) {
	node := n.w.nodes[a.node]
	target := node.name
	if a.kind == "flush" || a.kind == "redis" {
		target = "redis"
	}
	if a.kind == "postgres" {
		target = "postgres"
	}
	n.busy[target].Lock()
	defer n.busy[target].Unlock()
	ctx, cancel := context.WithTimeout(ctx, 40*time.Second)
	defer cancel()
	from := time.Now()
	var err error
	switch a.kind {
	case "kill":
		node.kill()
		pause(ctx, a.length)
		node.start()
		node.ready(ctx)
	case "stop":
		err = node.stop(20 * time.Second)
		pause(ctx, a.length)
		node.start()
		node.ready(ctx)
	case "upgrade":
		a.kind, err = "stop", n.upgrade(ctx, node)
	case "pause":
		node.signal(syscall.SIGSTOP)
		pause(ctx, a.length)
		node.signal(syscall.SIGCONT)
	case "clock":
		err = n.jump(ctx, a)
	case "flush":
		err = n.w.redis.FlushAll()
		pause(ctx, 100*time.Millisecond)
	case "redis":
		err = n.w.redis.Kill()
		pause(ctx, a.length)
		if err == nil {
			err = n.w.redis.RestartEmpty()
		}
	case "postgres":
		err = n.w.postgres.Kill()
		pause(ctx, a.length)
		if err == nil {
			err = n.w.postgres.Start()
		}
	case "cut":
		n.cut(ctx, a)
	}
	if err != nil {
		n.w.Errorf("nemesis: %s of %s: %v", a.kind, target, err)
	}
	n.note(a.kind, target, from)
}

// cut breaks the way of a node to its store, its queue, or both.
func (n *nemesis) cut(ctx context.Context, a act) {
	proxies := []interface {
		Stall()
		Resume()
		Refuse(on bool)
		Reset()
	}{n.w.toStore[a.node]}
	if a.how%3 == 0 {
		proxies[0] = n.w.toQueue[a.node]
	} else if a.how%3 == 1 {
		proxies = append(proxies, n.w.toQueue[a.node])
	}
	for _, p := range proxies {
		switch a.how / 3 % 3 {
		case 0:
			p.Reset()
		case 1:
			p.Refuse(true)
			p.Reset()
		default:
			p.Stall()
		}
	}
	if a.how/3%3 > 0 {
		pause(ctx, a.length)
	}
	for _, p := range proxies {
		p.Refuse(false)
		p.Resume()
	}
}

// jump moves the clock of a node, and moves it back.
func (n *nemesis) jump(ctx context.Context, a act) error {
	file := n.w.nodes[a.node].clock()
	by := time.Duration(a.how-500) * 20 * time.Millisecond // up to ten seconds, either way
	if err := os.WriteFile(file, []byte(by.String()), 0o600); err != nil {
		return err
	}
	pause(ctx, a.length)
	return os.WriteFile(file, []byte("0s"), 0o600)
}

// revive starts nodes that a handler of the workload killed.
func (n *nemesis) revive(ctx context.Context) {
	for ctx.Err() == nil {
		pause(ctx, 200*time.Millisecond)
		for _, node := range n.w.nodes {
			busy := n.busy[node.name]
			if !busy.TryLock() {
				continue
			}
			select {
			case <-node.ended():
				from := time.Now().Add(-time.Second) // it died within the last round
				node.client.Close()
				pause(ctx, 200*time.Millisecond)
				node.start()
				node.ready(context.WithoutCancel(ctx))
				n.note("kill", node.name, from)
			default:
			}
			busy.Unlock()
		}
	}
}

func (n *nemesis) summary() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return fmt.Sprintf("faults: %v", n.did)
}
