//go:build !linux

package postgres

import (
	"net"
	"time"
)

// dialer makes connections that notice when the other end is gone: silence is probed.
func dialer(timeout time.Duration) *net.Dialer {
	return &net.Dialer{
		Timeout:         timeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3},
	}
}
