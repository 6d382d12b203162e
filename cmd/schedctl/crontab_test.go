package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
)

// cronLine is what cron makes of one line of examples/crontab/full.crontab, worked
// out by hand from crontab(5). Cron ends the standard input with a newline.
type cronLine struct {
	line    int
	command string
	stdin   string
}

var cronLines = []cronLine{
	{4, "env | sort", ""},
	{5, `pwd; echo "$0 $SHELL"`, ""},
	{6, `echo 'single quotes' "double quotes" \"escaped\"`, ""},
	{7, "cat", "first line\nsecond line\n"},
	{8, "cat", "one % sign\n"},
	{9, "echo a b c | tr a-c A-C | rev", ""},
	{10, "echo 'either day field'; exit 3", ""},
	{11, "exit 7", ""},
	{15, `[[ abc == a* ]] && echo "bash ${BASH_VERSINFO[0]:+yes}"`, ""},
	{16, "env | sort", ""},
	{17, "false", ""},
	{22, "printf '[", `s]' "$QUOTED" "$SINGLE" "$EMPTY" "$TAIL" | sed 's/\[/</g'` + "\n"},
	{23, `printf '%s' "$MAILTO"`, ""},
	{24, "echo $((6*7)); exit $((6*7))", ""},
	{26, `date +%Z >/dev/null; echo "zone of the schedule only: ${TZ-unset}"`, ""},
	{27, "cat", ""},
	{29, "echo half past two # not a comment", ""},
	{30, `test -t 0 || echo "no terminal"; cat`, ""},
	{31, "umask >/dev/null; ls -d / ; exit 1", ""},
	{32, "kill -TERM $$", ""},
	{33, "cat | wc -c", "0123456789\n"},
	{34, `env -u PATH sh -c 'echo ${PATH:-none}' 2>/dev/null || echo "no sh without PATH"`, ""},
	{35, "(echo sub; exit 4)", ""},
	{36, `/bin/echo "$HOME" "$LOGNAME" "$USER"`, ""},
	{39, "sleep 0.1 && echo done; exit 255", ""},
}

// cronEnv are the assignments of that file by line; the last one above a command wins.
var cronEnv = []struct {
	line        int
	name, value string
}{
	{3, "MAILTO", "ops@example.org"},
	{13, "SHELL", "/bin/bash"},
	{14, "PATH", "/usr/local/bin:/usr/bin:/bin"},
	{18, "QUOTED", "  kept blanks  "},
	{19, "SINGLE", "kept quotes"},
	{20, "EMPTY", ""},
	{21, "TAIL", "with spaces   inside"},
	{38, "MAILTO", ""},
}

// environment is what cron gives the command of a line.
func environment(t *testing.T, line int) (shell string, env []string) {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	vars := map[string]string{
		"HOME": me.HomeDir, "LOGNAME": me.Username, "USER": me.Username, "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin",
	}
	for _, v := range cronEnv {
		if v.line < line {
			vars[v.name] = v.value
		}
	}
	for name, value := range vars {
		env = append(env, name+"="+value)
	}
	return vars["SHELL"], env
}

// seen is what a command printed and how it ended.
type seen struct {
	Status int
	Output []string
}

// byCron runs a line's command as cron does: a shell, an environment of its own, the
// home folder, and standard input after the first percent sign.
func byCron(t *testing.T, l cronLine) seen {
	t.Helper()
	shell, env := environment(t, l.line)
	cmd := exec.Command(shell, "-c", l.command)
	cmd.Env = env
	cmd.Stdin = strings.NewReader(l.stdin)
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Dir = me.HomeDir
	out, err := cmd.Output()
	return seen{Status: statusOf(t, err), Output: lines(string(out))}
}

// statusOf is the exit status as a shell has it: 128 and the number of a signal.
func statusOf(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	ended, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		t.Fatal(err)
	}
	if status := ended.Sys().(syscall.WaitStatus); status.Signaled() {
		return 128 + int(status.Signal())
	}
	return ended.ExitCode()
}

// lines splits output and leaves out what schedd adds to every environment.
func lines(out string) []string {
	list := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	return slices.DeleteFunc(list, func(s string) bool {
		return strings.HasPrefix(s, "SCHEDD_") || strings.HasPrefix(s, "TRACEPARENT=")
	})
}

// TestCrontab imports the committed crontab, runs every line once, and compares what
// its command saw with what cron gives it.
func TestCrontab(t *testing.T) {
	t.Parallel()
	run := launch(t)
	file, err := filepath.Abs("../../examples/crontab/full.crontab")
	if err != nil {
		t.Fatal(err)
	}
	if _, stderr, status := run("crontab", "import", file); status != 1 || !strings.Contains(stderr, "line 37: @reboot") {
		t.Fatalf("import with @reboot: status %d, %s; want 1 and the line named", status, stderr)
	}
	out, stderr, status := run("crontab", "import", file, "--skip-refused", "-o", "json")
	if status != 0 {
		t.Fatalf("import: status %d, %s", status, stderr)
	}
	var imported struct {
		Items []struct {
			Line         int
			Name, Action string
		}
	}
	if err := json.Unmarshal([]byte(out), &imported); err != nil {
		t.Fatal(err)
	}
	names := map[int]string{}
	for _, item := range imported.Items {
		if item.Action == "created" || item.Action == "create" {
			names[item.Line] = item.Name
		}
	}
	if len(names) != len(cronLines) {
		t.Fatalf("%d lines were imported, want %d", len(names), len(cronLines))
	}
	for _, l := range cronLines {
		t.Run(fmt.Sprintf("line %d", l.line), func(t *testing.T) {
			t.Parallel()
			_, stderr, status := run("run", names[l.line], "--wait", "--propagate-exit", "-q")
			got := seen{Status: status, Output: stdout(t, run, names[l.line])}
			if diff := cmp.Diff(byCron(t, l), got); diff != "" {
				t.Errorf("job %s differs from cron (-cron +schedd):\n%s%s", names[l.line], diff, stderr)
			}
		})
	}
	t.Cleanup(func() {
		fmt.Printf("accept: %d lines of the crontab saw what cron gives them; @reboot was refused by line\n", len(cronLines))
	})
}

// stdout is what the command of the job's last run wrote to standard output: the log
// holds both streams.
func stdout(t *testing.T, run func(args ...string) (string, string, int), name string) []string {
	t.Helper()
	out, stderr, status := run("logs", name, "-o", "json", "-n", "1000")
	if status != 0 {
		t.Fatalf("logs %s: status %d, %s", name, status, stderr)
	}
	var page struct {
		Items []struct{ Stream, Message string }
	}
	if err := json.Unmarshal([]byte(out), &page); err != nil {
		t.Fatalf("logs %s: %v in %s", name, err, out)
	}
	var text strings.Builder
	for _, e := range page.Items {
		if e.Stream == "stdout" {
			text.WriteString(e.Message + "\n")
		}
	}
	return lines(text.String())
}

// launch starts schedd on a store and a socket of its own, and returns how to
// run schedctl against it.
func launch(t *testing.T) (run func(args ...string) (stdout, stderr string, status int)) {
	t.Helper()
	dir, err := os.MkdirTemp("", "cron")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	daemon := exec.Command("schedd", "serve", "--dev", "--data-dir", filepath.Join(dir, "data"), "--socket", socket)
	daemon.Stderr, daemon.Dir = log, dir
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = daemon.Process.Signal(syscall.SIGTERM)
		_ = daemon.Wait()
	})
	run = func(args ...string) (string, string, int) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "schedctl", args...)
		cmd.Env = append(os.Environ(), "SCHEDCTL_SERVER=unix://"+socket, "SCHEDCTL_TZ=UTC")
		var stdout, stderr strings.Builder
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		err := cmd.Run()
		return stdout.String(), stderr.String(), statusOf(t, err)
	}
	if !testbed.Poll(patience, func() bool { _, _, status := run("health", "-q"); return status == 0 }) {
		text, _ := os.ReadFile(log.Name())
		t.Fatalf("schedd did not start: %s", text)
	}
	return run
}
