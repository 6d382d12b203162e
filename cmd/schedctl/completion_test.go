package main

import (
	"net"
	"strings"
	"testing"
	"time"
)

// TestCompletionIsQuick: TAB is answered within 400 ms, as a whole process, with a daemon that
// answers, with none, and with one that hangs; and nothing but answers is printed. On a busy
// machine one of twenty tries is enough.
func TestCompletionIsQuick(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.configure()
	s.start()
	s.want(s.local("job", "create", "cron", "nightly", "-s", "@daily", "--", "true"), 0)
	hung, err := net.Listen("unix", s.file("hung"))
	if err != nil {
		t.Fatal(err)
	}
	defer hung.Close()
	for _, tt := range []struct{ name, socket, want string }{
		{"up", s.file("s"), "nightly"},
		{"down", s.file("nobody"), ""},
		{"hung", s.file("hung"), ""},
	} {
		best := time.Hour
		for range 20 {
			began := time.Now()
			got := s.run([]string{"SCHEDCTL_SERVER=unix://" + tt.socket}, "schedctl", "__complete", "job", "show", "")
			took := time.Since(began)
			word, _, _ := strings.Cut(got.out, "\t")
			answered := strings.HasPrefix(word, tt.want) && (tt.want != "" || strings.HasPrefix(word, ":"))
			if got.status != 0 || strings.Contains(got.err, "error") || !answered && took < 300*time.Millisecond {
				t.Fatalf("%s: status %d, %q, %q", tt.name, got.status, got.out, got.err)
			}
			if answered {
				best = min(best, took)
			}
			if best < 400*time.Millisecond {
				break
			}
		}
		t.Logf("accept: completion with the daemon %s took %s", tt.name, best.Round(time.Millisecond))
		if best >= 400*time.Millisecond {
			t.Errorf("with the daemon %s a completion takes %s", tt.name, best)
		}
	}
}
