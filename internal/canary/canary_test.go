package canary

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

// live is the life of a site: everything happens, and everything is searched.
func live(t *testing.T, mutant, backend string) (leaks []string) {
	t.Helper()
	s := newSite(t, mutant)
	s.configure(backends[backend](s))
	if out, status := s.run("schedd token bootstrap", s.env, "schedd", "token", "bootstrap", "--config", s.path("schedd.yaml")); status != 0 {
		t.Fatal(out)
	}
	token, err := os.ReadFile(s.path("data/admin.token"))
	if err != nil {
		t.Fatal(err)
	}
	s.token = strings.TrimSpace(string(token))
	s.watch("token of the first admin", secretOf(s.token))
	s.start()
	s.jobs()
	s.others()
	s.callers()
	s.processes()
	s.settled()
	s.walk()
	s.show()
	s.operate()
	s.copies()
	if err := s.process.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.until("the configuration was read again", func() bool {
		text, _ := os.ReadFile(s.path("log"))
		return strings.Contains(string(text), `"msg":"reloaded"`)
	})
	s.quit()
	s.remains()
	return s.verdict(backend)
}

// TestCanaries lets secrets in wherever there is a way, and finds them nowhere but where
// they belong.
func TestCanaries(t *testing.T) {
	for backend := range backends {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			for _, leak := range live(t, "", backend) {
				t.Error(leak)
			}
		})
	}
}
