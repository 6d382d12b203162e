// Package client is the Go SDK of schedd: one method per route, over the daemon's
// Unix socket or HTTP. schedctl is its first user.
//
//	c, err := client.New(client.Options{})
//	page, err := c.Jobs(ctx, client.JobQuery{Statuses: []job.JobStatus{job.JobActive}})
//
// An empty Options.Server finds the daemon the way schedctl does: SCHEDCTL_SERVER,
// then $XDG_RUNTIME_DIR/schedd/schedd.sock, then /run/schedd/schedd.sock.
//
// Errors carry a code of package job: job.CodeOf(err) classifies them, and what the
// daemon answered can be had with errors.As and *job.Error. A daemon that cannot be
// reached is job.Unavailable, a request that took longer than Options.Timeout is
// job.Timeout.
//
// A Client is safe for concurrent use.
package client
