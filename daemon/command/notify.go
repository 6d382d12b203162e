package command

import (
	"fmt"
	"strings"

	sd "github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"
)

// notify tells systemd, if it is there, how things stand. Nobody listening is fine.
func notify(states ...string) {
	_, _ = sd.SdNotify(false, strings.Join(states, "\n"))
}

// notifyReloading announces a reload; the time lets systemd tell an old READY=1 from
// the one that ends it.
func notifyReloading() {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) == nil {
		notify(sd.SdNotifyReloading, fmt.Sprintf("MONOTONIC_USEC=%d", now.Nano()/1000))
	}
}
