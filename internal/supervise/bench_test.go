//go:build linux

package supervise

import (
	"os/exec"
	"testing"
)

// BenchmarkRun is the price of a command under the supervisor; BenchmarkPlain is that
// of the same command without.
func BenchmarkRun(b *testing.B) {
	c, err := Start(b.Context(), Options{Cookie: newCookie()})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	cmd := Command{Path: "/bin/true", Argv: []string{"true"}}
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := c.Run(b.Context(), cmd); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkPlain(b *testing.B) {
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := exec.Command("/bin/true").Run(); err != nil {
				b.Error(err)
			}
		}
	})
}
