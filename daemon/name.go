package daemon

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// maxSameName bounds how many processes of one machine may be configured alike.
const maxSameName = 64

// claimName takes the node's name for this process. A second process with the same
// configuration is another node: it gets a suffix, and a warning.
func (n *node) claimName(ctx context.Context) error {
	n.name = n.cfg.NodeID
	if !n.shared() {
		return nil // the store lets nobody else in
	}
	if err := os.MkdirAll(n.cfg.DataDir, 0o750); err != nil {
		return &exitError{status: exitStore, err: fmt.Errorf("make the data directory: %w", err)}
	}
	for i := 1; i <= maxSameName; i++ {
		if i > 1 {
			n.name = fmt.Sprintf("%s-%d", n.cfg.NodeID, i)
		}
		f, err := os.OpenFile(filepath.Join(n.cfg.DataDir, "node-"+n.name+".lock"), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return &exitError{status: exitStore, err: fmt.Errorf("lock the node's name: %w", err)}
		}
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			n.onClose(f.Close)
			if i > 1 {
				n.log.WarnContext(ctx, "another schedd with this node_id runs here: this one takes another name", slog.String("node_id", n.cfg.NodeID), slog.String("node", n.name))
			}
			return nil
		}
		_ = f.Close()
	}
	return &exitError{status: exitRunning, err: fmt.Errorf("%d processes use the node_id %s in %s", maxSameName, n.cfg.NodeID, n.cfg.DataDir)}
}

// cookie marks the commands of this node, so that its next life finds them.
func (n *node) cookie() string {
	if !n.shared() {
		return n.instance
	}
	sum := sha256.Sum256([]byte(n.instance + "/" + n.name))
	return hex.EncodeToString(sum[:16])
}
