package testbed

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// oldestPostgres is the oldest major version that the store supports.
const oldestPostgres = 14

// postgresTool returns the path of a program of PostgreSQL: the one in PATH, else
// that of the newest version in Debian's folders.
func postgresTool(name string) (string, error) {
	if found, err := exec.LookPath(name); err == nil {
		return found, nil
	}
	best, found := oldestPostgres-1, ""
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	for _, folder := range folders {
		version, err := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
		if file := filepath.Join(folder, name); err == nil && version > best && executable(file) {
			best, found = version, file
		}
	}
	if found == "" {
		return "", fmt.Errorf("%s of PostgreSQL %d or newer is not installed: run scripts/servers.sh or apt-get install postgresql", name, oldestPostgres)
	}
	return found, nil
}

// redisTool returns the path of redis-server, or of valkey-server in its place.
func redisTool() (string, error) {
	for _, name := range []string{"redis-server", "valkey-server"} {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	return "", fmt.Errorf("redis-server is not installed: run scripts/servers.sh or apt-get install redis-server")
}

func executable(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// need returns the path of a tool. Without it the test fails and says what to install.
func need(t testing.TB, path string, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
