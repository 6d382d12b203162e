// Package failover is a queue that goes on while its primary is away: messages then go
// through a local one, which reaches the receivers of this process. The store announces
// what was lost in between again, so no message needs to move from one to the other.
package failover
