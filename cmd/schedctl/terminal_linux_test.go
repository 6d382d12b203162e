package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
)

// typed starts schedctl with its input and output on the terminal.
func (s *site) typed(tty *testbed.Terminal, env []string, args ...string) (cmd *exec.Cmd, errs *bytes.Buffer) {
	s.t.Helper()
	cmd = exec.Command("schedctl", args...)
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TMPDIR=" + os.TempDir(), "GOCOVERDIR=" + os.Getenv("GOCOVERDIR"),
		"LANG=C.UTF-8", "TERM=xterm-256color", "SCHEDCTL_TZ=UTC", "SCHEDCTL_SERVER=unix://" + s.file("s"),
	}, env...)
	errs = new(bytes.Buffer)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty.Far, tty.Far, errs
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	_ = tty.Far.Close()
	return cmd, errs
}

// shown is what a command writes to a terminal.
func (s *site) shown(columns uint16, env []string, args ...string) said {
	s.t.Helper()
	tty := testbed.NewTerminal(s.t, columns)
	cmd, errs := s.typed(tty, env, args...)
	_ = cmd.Wait() // the status tells
	<-tty.Closed
	return said{cmd.ProcessState.ExitCode(), tty.Text(), errs.String()}
}

var controls = regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]")

func widest(text string) (columns int, widestLine string) {
	for line := range strings.Lines(controls.ReplaceAllString(text, "")) {
		if w := render.Width(strings.TrimRight(line, "\r\n")); w > columns {
			columns, widestLine = w, line
		}
	}
	return columns, widestLine
}

// TestTerminal looks at lists on real terminals: with names as long as operators choose
// them no line is wider than the terminal, while it is resized too; colours are there
// where they are wanted, and a pipe gets everything, plain.
func TestTerminal(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.configure()
	s.start()
	const name = "warehouse-reconciliation-of-the-night-eu-central-1"
	s.want(s.local("job", "create", "cron", name, "-s", "0,15,30,45 6-22/2 1-15 JAN-JUN,SEP MON-FRI", "--timezone", "America/Argentina/ComodRivadavia",
		"--max-retries", "0", "--", "/bin/sh", "-c", "echo could not write to /var/lib/warehouse/reconciliation: no space left on device >&2; exit 2"), 0)
	s.want(s.local("job", "create", "cron", "日本語のジョブ名ではなくて", "-s", "@daily", "--", "true"), 2, "name")
	s.want(s.local("job", "create", "once", "escalate-the-ticket-of-the-customer-T-1042", "--in", "48h", "--tag", "sla", "--", "/bin/true"), 0)
	s.want(s.local("run", name, "--wait"), 10)
	s.want(s.local("trigger", "create", "on-"+name, "--on", "warehouse:reconciliation.failed", "--action", "run-job", "--job", name), 0)
	s.want(s.local("token", "create", "token-of-"+name, "--platform", "warehouse-production", "--out", s.file("token")), 0)

	lists := []string{
		"ls", "job list --failing", "execution list", "job history " + name, "dlq list", "next --window 30d", "handler list", "worker list", "trigger list",
		"token list", "agent list", "queue status", "config view", "audit slots", "job revisions " + name, "metrics", "doctor",
	}
	for _, list := range lists {
		args := strings.Fields(list)
		piped := s.local(args...)
		if strings.Contains(piped.out, "…") || strings.Contains(piped.out, "\x1b") {
			t.Errorf("%s in a pipe is cut, or has colours:\n%s", list, piped.out)
		}
		for _, columns := range []uint16{80, 120} {
			got := s.shown(columns, nil, args...)
			if w, line := widest(got.out); w > int(columns) || got.status != piped.status || got.out == "" && piped.out != "" {
				t.Errorf("%s in %d columns: status %d, a line of %d: %q\n%s", list, columns, got.status, w, line, got.err)
			}
		}
	}
	if wide := s.shown(80, nil, "ls", "-o", "wide"); !strings.Contains(wide.out, name) || strings.Contains(wide.out, "…") {
		t.Errorf("ls -o wide is cut:\n%s", wide.out)
	}
	s.colours()
	s.resizes(name)
}

// colours are for terminals, and for whoever insists.
func (s *site) colours() {
	s.t.Helper()
	for _, tt := range []struct {
		env  string
		args string
		want bool
	}{
		{"", "x ls", true}, {"NO_COLOR=1", "x ls", false}, {"TERM=dumb", "x ls", false}, {"SCHEDCTL_COLOR=never", "x ls", false},
		{"NO_COLOR=1", "x ls --color always", true}, {"", "x ls --color never", false},
	} {
		got := s.shown(100, []string{tt.env}, strings.Fields(tt.args)...)
		if coloured := strings.Contains(got.out, "\x1b["); coloured != tt.want {
			s.t.Errorf("%s schedctl %s: colours are %v, want %v:\n%q", tt.env, tt.args, coloured, tt.want, got.out)
		}
	}
	if got := s.local("x", "ls", "--color", "always"); !strings.Contains(got.out, "\x1b[31m") {
		s.t.Errorf("a pipe with --color always:\n%q", got.out)
	}
}

// resizes makes a watched list follow the size of the terminal.
func (s *site) resizes(name string) {
	s.t.Helper()
	tty := testbed.NewTerminal(s.t, 200)
	cmd, _ := s.typed(tty, nil, "ls", "--watch=50ms")
	frame := func() string {
		frames := strings.Split(tty.Text(), "\x1b[H")
		last := frames[len(frames)-1]
		if !strings.HasSuffix(last, "\x1b[J") { // not whole yet
			return ""
		}
		return last
	}
	s.until("the list is there", func() bool { return strings.Contains(frame(), name) })
	for _, columns := range []uint16{80, 120, 40} {
		tty.Resize(s.t, columns)
		s.until(fmt.Sprintf("the list is drawn for %d columns", columns), func() bool {
			w, _ := widest(frame())
			return w > int(columns)-30 && w <= int(columns)
		})
	}
	_ = cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); err != nil {
		s.t.Errorf("an interrupt ends --watch with %v", err)
	}
	<-tty.Closed
}
