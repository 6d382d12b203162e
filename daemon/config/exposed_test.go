package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExposedSecrets warns of a file with a secret that everybody may read, wherever the
// key is, and of no other file.
func TestExposedSecrets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret := func(name string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("https://hooks.example.org/x"), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	open, closed := secret("open", 0o644), secret("closed", 0o640)
	text := fmt.Sprintf("alerts: {ping: {url_file: %s}}\nhandlers:\n  channels:\n    - {name: a, type: slack, url_file: %s}\n    - {name: b, type: slack, url_file: %s}\n", closed, open, closed)
	problems, warnings := Check(Options{File: file(t, text)})
	if len(problems) != 0 {
		t.Fatal(problems)
	}
	if len(warnings) != 1 || !strings.HasPrefix(warnings[0], "handlers.channels[0].url_file: everybody on this machine may read "+open) {
		t.Errorf("warnings %q, want one, of handlers.channels[0].url_file", warnings)
	}
	if holdsSecret("listen.tls_cert_file") || holdsSecret("handlers.channels[0].ca_file") || !holdsSecret("listen.tls_key_file") {
		t.Error("certificates are public, keys are not")
	}
}
