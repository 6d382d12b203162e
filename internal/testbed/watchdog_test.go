package testbed

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// endings is how a process that holds servers ends.
var endings = map[string]func(){
	"exit":   func() { os.Exit(0) },
	"panic":  func() { panic("on purpose") },
	"sigint": func() { _ = syscall.Kill(os.Getpid(), syscall.SIGINT); select {} },
	"kill":   func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} },
}

// TestHelperEnds is the process that ends; TestWatchdog starts it.
func TestHelperEnds(t *testing.T) {
	end := endings[os.Getenv("TESTBED_ENDING")]
	if end == nil {
		return
	}
	needPostgres(t)
	p, err := StartPostgres("", PostgresOptions{})
	if err != nil {
		t.Fatal(err)
	}
	old, err := StartRedis("", RedisOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Kill(); err != nil { // what ended before is no longer the watchdog's
		t.Fatal(err)
	}
	r, err := StartRedis("", RedisOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r.Suspend() // even one that cannot hear
	fmt.Printf("\npids %d %d\n", p.Pid(), r.Pid())
	end()
}

func TestWatchdog(t *testing.T) {
	t.Parallel()
	for name := range endings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needPostgres(t)
			temp, err := os.MkdirTemp(publicTemp(), "wd")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(temp) })
			if err := os.Chmod(temp, 0o755); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHelperEnds$")
			cmd.Env = append(os.Environ(), "TESTBED_ENDING="+name, "TMPDIR="+temp)
			out, _ := cmd.CombinedOutput()
			var pids [2]int
			_, line, _ := strings.Cut(string(out), "\npids ")
			if n, err := fmt.Sscan(line, &pids[0], &pids[1]); n != 2 {
				t.Fatalf("the helper did not start its servers: %v\n%s", err, out)
			}
			var left []string
			if !Poll(patience, func() bool {
				left, _ = filepath.Glob(filepath.Join(temp, "*"))
				return len(left) == 0 && !lives(pids[0]) && !lives(pids[1])
			}) {
				t.Errorf("left behind: %v, processes %v: %v %v", left, pids, lives(pids[0]), lives(pids[1]))
			}
		})
	}
}

func TestAMissingServerIsAFailure(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := redisTool()
	v := &verdict{TB: t}
	need(v, "", err)
	if !strings.Contains(v.text, "apt-get install redis-server") {
		t.Errorf("the test fails with %q, want what to install", v.text)
	}
}
