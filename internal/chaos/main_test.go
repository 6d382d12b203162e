package chaos

import (
	"flag"
	"os"
	"testing"
)

// TestMain runs the tests, or is the command that schedd runs for them: the first
// argument tells.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "witness" {
		os.Exit(command(os.Args[2:]))
	}
	flag.Parse()
	code := m.Run()
	if binaries.dir != "" {
		_ = os.RemoveAll(binaries.dir)
	}
	os.Exit(code)
}
