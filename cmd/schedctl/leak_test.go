package main

import (
	"regexp"
	"testing"
)

// canary is a secret that the schedd of each test has in a variable of its configuration.
const canary = "SCHEDD_HANDLERS_KNOWLEDGE_BASE_TOKEN=cnryq7hd03bqx5tk2mvw"

// secrets are what no log may hold: the canary, plain or coded, and tokens of schedd.
var secrets = regexp.MustCompile(`cnryq7hd03bqx5tk2mvw|Y25yeXE3aGQwM2JxeDV0azJtdn|schd_[0-9A-Za-z]{8}_[0-9A-Za-z_-]{8}`)

// leak is a secret in a log; "" = there is none.
func leak(log []byte) string { return string(secrets.Find(log)) }

// TestLeak checks that it would be found.
func TestLeak(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"the token cnryq7hd03bqx5tk2mvw is": true, "Y25yeXE3aGQwM2JxeDV0azJtdnc=": true, "Bearer schd_fj3ehpzx_0123456789": true, `"token":"schd_fj3ehpzx"`: false, "": false,
	} {
		if got := leak([]byte(text)); (got != "") != want {
			t.Errorf("leak(%q) = %q", text, got)
		}
	}
}
