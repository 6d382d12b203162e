// Package testbed gives tests private servers: a PostgreSQL cluster and Redis
// processes in temporary folders, on Unix sockets, and a proxy that breaks
// connections on purpose.
//
//	dsn := testbed.Postgres(t)      // a fresh database of this test
//	url := testbed.Redis(t).URL()   // a server of its own
//
// Nothing outlives the test process, however it ends: see watchdog.go. Where a server
// is not installed the test fails; scripts/servers.sh installs them.
//
// It is also how tests wait: for something to happen with Eventually, for a length of
// time, in the few places where that is the point, with Pass.
package testbed
