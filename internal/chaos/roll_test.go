package chaos

import (
	"context"
	"slices"
	"time"
)

// rolled puts a rolling upgrade into the acts of a run whose nodes start as an older
// build: the first node at a third, the second at two thirds. Between them an old node
// could not come back on the newer schema, so whoever ends is the new one.
func (tr *trial) rolled(acts []act) []act {
	if tr.older == "" {
		return acts
	}
	first, second := len(acts)/3, 2*len(acts)/3
	for i := first; i < second; i++ {
		if a := &acts[i]; a.kind == "kill" || a.kind == "stop" {
			a.node = 0
		}
	}
	acts = slices.Insert(acts, second, act{kind: "upgrade", node: 1})
	return slices.Insert(acts, first, act{kind: "upgrade", node: 0})
}

// upgrade ends a node in peace and starts it as the newer build.
func (n *nemesis) upgrade(ctx context.Context, node *node) error {
	err := node.stop(20 * time.Second)
	node.schedd = binary(n.w.T, n.w.mutant)
	node.start()
	node.ready(ctx)
	node.newer = time.Now()
	return err
}
