package canary

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// live is the life of a site: everything happens, and everything is searched.
func live(t *testing.T, mutant, backend string) (leaks []string) {
	t.Helper()
	s := newSite(t, mutant)
	s.configure(backends[backend](s))
	s.bootstrap()
	s.start()
	for _, act := range []struct {
		name string
		do   func()
	}{
		{"jobs", s.jobs}, {"agents, workflows, events, alerts", s.others}, {"callers", s.callers}, {"processes", s.processes}, {"the end of all runs", s.settled}, {"routes", s.walk},
		{"schedctl", s.show}, {"schedd", s.operate}, {"copies", s.copies}, {"reload", s.reload}, {"the dump of goroutines", s.quit}, {"what remains", s.remains},
	} {
		began := time.Now()
		act.do()
		t.Logf("%s: %s", act.name, time.Since(began).Round(100*time.Millisecond))
	}
	return s.verdict(backend)
}

// bootstrap makes the first token, which may be in its file and nowhere else.
func (s *site) bootstrap() {
	s.Helper()
	if out, status := s.run("schedd token bootstrap", s.env, "schedd", "token", "bootstrap", "--config", s.path("schedd.yaml")); status != 0 {
		s.Fatal(out)
	}
	token, err := os.ReadFile(s.path("data/admin.token"))
	if err != nil {
		s.Fatal(err)
	}
	s.token = strings.TrimSpace(string(token))
	s.watch("token of the first admin", secretOf(s.token))
}

// reload has schedd read its configuration again.
func (s *site) reload() {
	s.Helper()
	if err := s.process.Process.Signal(syscall.SIGHUP); err != nil {
		s.Fatal(err)
	}
	s.until("the configuration was read again", func() bool {
		text, _ := os.ReadFile(s.path("log"))
		return strings.Contains(string(text), `"msg":"reloaded"`)
	})
}

// quit has schedd print what its goroutines do, and end.
func (s *site) quit() { s.signal(syscall.SIGQUIT) }

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
