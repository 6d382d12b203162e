package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestDocuments types what the console blocks of README.md and docs/*.md say, all blocks of
// a document into one shell, with a home of its own and no settings. Every command must
// succeed ("schedctl diff" may find differences), and what stands below it must be the
// beginning of what it prints; "…" stands for anything, alone on a line for any lines.
func TestDocuments(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("../../docs/*.md")
	ran := 0
	for _, file := range append(files, "../../README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		commands := consoleCommands(string(text))
		if len(commands) == 0 {
			continue
		}
		ran += len(commands)
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			typeAll(t, commands)
		})
	}
	if ran < 50 {
		t.Errorf("the documents have %d commands only", ran)
	}
	t.Logf("accept: %d commands of the documents", ran)
}

// typedCommand is a command of a document with the lines below it.
type typedCommand struct {
	line int
	text string
	want []string
}

// consoleCommands finds the commands of the console blocks of a document.
func consoleCommands(text string) (commands []typedCommand) {
	inside := false
	for i, line := range strings.Split(text, "\n") {
		last := len(commands) - 1
		command, isCommand := strings.CutPrefix(line, "$ ")
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console"
		case !inside:
		case isCommand:
			commands = append(commands, typedCommand{line: i + 1, text: command})
		case last >= 0 && strings.HasSuffix(commands[last].text, `\`):
			commands[last].text += "\n" + line
		case last >= 0:
			commands[last].want = append(commands[last].want, line)
		}
	}
	return commands
}

// typeAll runs the commands of one document, one after the other, in one shell.
func typeAll(t *testing.T, commands []typedCommand) {
	dir, err := os.MkdirTemp("", "docs") // short, for the socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	prepare(t, dir)
	var script strings.Builder
	script.WriteString("exec 2>&1\ntrap 'kill $(jobs -p); wait' EXIT\n")
	const start = "schedd --dev --log-level warn"
	if !strings.Contains(commands[0].text, "make build") { // the document is about one that runs
		script.WriteString("export SCHEDCTL_SERVER=unix://$PWD/schedd.sock\n" + inBackground(start))
	}
	for i, c := range commands {
		text := c.text + "\n"
		if command, ok := strings.CutSuffix(c.text, " &"); ok {
			text = inBackground(command)
		}
		fmt.Fprintf(&script, "echo '@@ %d'\n%secho \"@! %d $?\"\n", i, text, i)
	}
	if err := os.WriteFile(filepath.Join(dir, "script"), []byte(script.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	shell := exec.CommandContext(ctx, "bash", "--noprofile", "--norc", "script")
	shell.Dir = dir
	shell.Env = []string{
		"HOME=" + filepath.Join(dir, "home"), "PATH=" + filepath.Join(dir, "tools") + ":" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(),
		"LANG=C.UTF-8", "TZ=UTC", "GOCOVERDIR=" + os.Getenv("GOCOVERDIR"),
	}
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	shell.Cancel = func() error { return syscall.Kill(-shell.Process.Pid, syscall.SIGKILL) }
	var out bytes.Buffer
	shell.Stdout, shell.WaitDelay = &out, patience
	if err := shell.Run(); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "schedd.log"))
		t.Errorf("the shell: %v\n%s\n%s", err, out.String(), log)
	}
	for i, c := range commands {
		_, got, _ := strings.Cut(out.String(), fmt.Sprintf("@@ %d\n", i))
		got, status, ended := strings.Cut(got, fmt.Sprintf("@! %d ", i))
		code, _, _ := strings.Cut(status, "\n")
		mayDiffer := strings.HasPrefix(c.text, "schedctl diff ") && code == "1"
		if !ended || code != "0" && !mayDiffer {
			t.Errorf("line %d: %s\nends with status %q and\n%s", c.line, c.text, code, got)
		}
		if !beginsWith(got, c.want) {
			t.Errorf("line %d: %s\nprints\n%s\nand the document says\n%s", c.line, c.text, got, strings.Join(c.want, "\n"))
		}
	}
}

// prepare gives a shell a home, and a make that links the programs under test instead of
// building them.
func prepare(t *testing.T, dir string) {
	t.Helper()
	for name, text := range map[string]string{
		"home/.keep":       "",
		"tools/make":       "#!/bin/sh\n[ \"$1\" = build ] && mkdir -p bin && ln -sf \"$(command -v schedd)\" \"$(command -v schedctl)\" bin/\n",
		"jobs/report.yaml": "type: cron\nname: report\nschedule: \"0 9 * * MON\"\ncommand: [/bin/true]\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

// inBackground starts a daemon and waits, as a person does before the next line.
func inBackground(command string) string {
	return command + " >schedd.log 2>&1 &\nfor i in $(seq 200); do [ -S schedd.sock ] && break; sleep 0.1; done\n[ -S schedd.sock ]\n"
}

// beginsWith reports whether a text begins with the lines, "…" being anything.
func beginsWith(text string, lines []string) bool {
	var pattern strings.Builder
	pattern.WriteString(`^`)
	for _, line := range lines {
		if line == "…" {
			pattern.WriteString(`(?:.*\n)*?`)
			continue
		}
		pattern.WriteString(strings.ReplaceAll(regexp.QuoteMeta(strings.TrimRight(line, " ")), "…", ".*") + ` *\n`)
	}
	return regexp.MustCompile(pattern.String()).MatchString(text)
}
