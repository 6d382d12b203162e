//go:build linux

package crash

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// TestMain runs the tests, or is one of the commands that schedd runs for them: the
// first argument tells.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if act, ok := commands[os.Args[1]]; ok {
			act(os.Args[2:])
			return
		}
	}
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(built)
	}
	os.Exit(code)
}

// commands are what the test binary does when schedd runs it.
var commands = map[string]func(args []string){
	"witness":  witness,
	"stubborn": stubborn,
	"family":   family,
	"fork":     fork,
	"linger":   linger,
	"note":     note,
}

// binaries is the folder with both programs, built once for all tests.
var binaries = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "crash-bin-")
	if err != nil {
		return "", err
	}
	built = dir
	out, err := exec.Command("go", "build", "-tags", "failpoint", "-ldflags", "-s -w", "-o", dir, "../../cmd/schedd", "../../cmd/schedctl").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return dir, nil
})

// built is what to remove at the end.
var built string

func build(t *testing.T) (schedd, schedctl string) {
	t.Helper()
	dir, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "schedd"), filepath.Join(dir, "schedctl")
}

// self is this binary, for commands.
func self(t *testing.T) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return exe
}
