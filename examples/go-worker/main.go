// Command go-worker runs a function of its own as the handler "reindex-collection" of
// schedd's jobs:
//
//	SCHEDD_STORE_POSTGRES_DSN=postgres://… go run ./examples/go-worker
//	schedctl job create cron reindex -s '0 */6 * * *' --handler reindex-collection --set collection=mario-pizza
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/worker"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	w := worker.New(worker.Options{
		DSN: os.Getenv("SCHEDD_STORE_POSTGRES_DSN"), Node: os.Getenv("NODE"), Lease: 6 * time.Second, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	w.Handle("reindex-collection", reindex)
	if err := w.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// reindex pretends to index a document each tenth of a second.
func reindex(ctx context.Context, t *worker.Task) (any, error) {
	var in struct {
		Collection string `json:"collection"`
		Documents  int    `json:"documents"`
	}
	if err := json.Unmarshal(t.Payload, &in); err != nil || in.Collection == "" {
		return nil, &worker.Failure{Class: "bad_payload", Message: "collection is required", Permanent: true}
	}
	for n := range in.Documents {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
		t.Log.Line(job.LogInfo, job.StreamStdout, fmt.Sprintf("%s: %d of %d", in.Collection, n+1, in.Documents))
	}
	return map[string]any{"collection": in.Collection, "documents": in.Documents, "by": os.Getenv("NODE"), "attempt": t.Attempt}, nil
}
