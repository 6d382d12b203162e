// Package worker runs functions of your own program as handlers of schedd's jobs.
//
//	w := worker.New(worker.Options{DSN: os.Getenv("SCHEDD_STORE_POSTGRES_DSN")})
//	w.Handle("reindex-collection", func(ctx context.Context, t *worker.Task) (any, error) {
//		n, err := index.Rebuild(ctx, t.Payload)
//		return map[string]int{"documents": n}, err
//	})
//	err := w.Run(ctx)
//
// While it runs, jobs may name the function as their handler, and it shows in "schedctl
// worker list". It takes runs from the store that the nodes share, PostgreSQL, by the very
// rules of a node: a run is started after its claim is durable, a lease and heartbeats
// keep it, its end is written under the fencing token, lines that it logs and its result
// are kept. When the process dies, the run starts again elsewhere, or fails, as the job's
// on_lost says. It plans nothing and does none of the work that nodes do for all.
//
// docs/go-workers.md has the whole.
package worker
