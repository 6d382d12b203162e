//go:build linux

package exec_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/exec"
	"github.com/agentic-sdlc/scheduler/handler/handlertest"
	"github.com/agentic-sdlc/scheduler/internal/supervise"
	"github.com/agentic-sdlc/scheduler/job"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	handlertest.Run(t, handlertest.Suite{
		New:   func(t *testing.T) handler.Handler { return newHandler(t) },
		Quick: `{"command": ["true"]}`,
		Slow:  `{"command": ["sleep", "60"]}`,
		Fails: `{"command": ["false"]}`,
		Loud:  `{"shell": "head -c 3000000 /dev/urandom; head -c 300000 /dev/zero; echo; seq 20000"}`,
		Invalid: []string{
			`{}`,
			`[]`,
			`{"command": []}`,
			`{"command": [""]}`,
			`{"command": "ls -l"}`,
			`{"command": ["ls", 1]}`,
			`{"command": ["ls", null]}`,
			`{"command": null}`,
			`{"command": ["a\u0000b"]}`,
			`{"command": ["ls"], "shell": "ls"}`,
			`{"command": ["ls"], "command": ["rm"]}`,
			`{"Command": ["ls"]}`,
			`{"command": ["ls"], "cmd": 1}`,
			`{"command": ["ls"], "shell_path": "/bin/sh"}`,
			`{"shell": ""}`,
			`{"shell": "ls", "shell_path": "sh"}`,
			`{"command": ["ls"], "dir": "tmp"}`,
			`{"command": ["ls"], "dir": ""}`,
			`{"command": ["ls"], "stdin": 1}`,
			`{"command": ["ls"], "env": []}`,
			`{"command": ["ls"], "env": {"A": 1}}`,
			`{"command": ["ls"], "env": {"A": "1", "A": "2"}}`,
			`{"command": ["ls"], "env": {"A=B": "1"}}`,
			`{"command": ["ls"], "env": {"": "1"}}`,
			`{"command": ["ls"], "env": {"1A": "1"}}`,
			`{"command": ["ls"], "env": {"SCHEDD_JOB_ID": "1"}}`,
			`{"command": ["ls"], "env": {"LD_PRELOAD": "/tmp/x.so"}}`,
			`{"command": ["ls"], "env": {"TRACEPARENT": "x"}}`,
			`{"command": ["ls"]} {}`,
			`{"command": ["` + strings.Repeat("x", 65<<10) + `"]}`,
		},
	})
}

func TestValidateReportsEverything(t *testing.T) {
	t.Parallel()
	err := newHandler(t).ValidatePayload(json.RawMessage(
		`{"comand": ["ls"], "shell": "ls", "dir": "x", "env": {"LD_X": "1", "B": 2}, "stdin": null}`))
	fault, _ := errors.AsType[*job.Error](err)
	var got []string
	for _, f := range fault.Fields {
		got = append(got, f.Field+" "+f.Code)
	}
	slices.Sort(got)
	want := []string{
		"payload.comand unknown", "payload.dir pattern", "payload.env.B type", "payload.env.LD_X pattern",
		"payload.stdin type",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(err.Error(), `did you mean "command"?`) {
		t.Errorf("%v suggests nothing", err)
	}
}

// TestOutcome is the first half of F31.
func TestOutcome(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	os.WriteFile(text, []byte("x"), 0o644)
	noFormat := filepath.Join(dir, "noformat")
	os.WriteFile(noFormat, []byte("echo hello\n"), 0o755)
	noInterpreter := filepath.Join(dir, "nointerpreter")
	os.WriteFile(noInterpreter, []byte("#!/no/such\n"), 0o755)
	tests := []struct {
		name, payload string
		class         string
		code          int
		message       string
		value         string
	}{
		{"success", `{"command": ["true"]}`, "", 0, "", `{"exit_code":0}`},
		{"exit 1", `{"shell": "exit 1"}`, "exit_status", 1, "exit status 1", `{"exit_code":1}`},
		{"exit 2 with words", `{"shell": "echo one >&2; echo 'the last  words' >&2; echo >&2; exit 2"}`, "exit_status", 2, "exit status 2: the last  words", `{"exit_code":2}`},
		{"exit 126", `{"shell": "exit 126"}`, "exit_status", 126, "exit status 126", `{"exit_code":126}`},
		{"exit 255", `{"shell": "exit 255"}`, "exit_status", 255, "exit status 255", `{"exit_code":255}`},
		{"signal", `{"shell": "kill -KILL $$"}`, "signal", 137, "killed by SIGKILL", `{"exit_code":137,"signal":"SIGKILL"}`},
		{"own abort", `{"shell": "echo bad >&2; kill -ABRT $$"}`, "signal", 134, "killed by SIGABRT: bad", `{"exit_code":134,"signal":"SIGABRT"}`},
		{"not in PATH", `{"command": ["no-such-program"]}`, "not_found", 127, "no-such-program: not found in PATH", `{"exit_code":127}`},
		{"not there", `{"command": ["/no/such/program"]}`, "not_found", 127, "/no/such/program: no such file", `{"exit_code":127}`},
		{"no interpreter", `{"command": ["` + noInterpreter + `"]}`, "not_found", 127, noInterpreter + ": no such file or directory (the interpreter of its #! line may be missing)", `{"exit_code":127}`},
		{"not executable", `{"command": ["` + text + `"]}`, "not_executable", 126, text + ": is not executable", `{"exit_code":126}`},
		{"a directory", `{"command": ["/tmp"]}`, "not_executable", 126, "/tmp: is a directory", `{"exit_code":126}`},
		{"no format", `{"command": ["` + noFormat + `"]}`, "not_executable", 126, noFormat + ": exec format error (a script needs a #! line)", `{"exit_code":126}`},
		{"directory gone", `{"command": ["true"], "dir": "/no/such"}`, "start_failed", -1, "working directory /no/such: no such file or directory", ""},
		{"directory is a file", `{"command": ["true"], "dir": "` + text + `"}`, "start_failed", -1, "working directory " + text + ": not a directory", ""},
		{"relative to dir", `{"command": ["./noformat"], "dir": "` + dir + `"}`, "not_executable", 126, "./noformat: exec format error (a script needs a #! line)", `{"exit_code":126}`},
		{"other shell", `{"shell": "[[ a == a ]] && exit 9", "shell_path": "/bin/bash"}`, "exit_status", 9, "exit status 9", `{"exit_code":9}`},
		{"PATH of the payload", `{"command": ["noformat"], "env": {"PATH": "relative::` + dir + `"}}`, "not_executable", 126, "noformat: exec format error (a script needs a #! line)", `{"exit_code":126}`},
		{"bad payload", `{}`, "bad_payload", -1, "payload.command: is required: a list of the program and its arguments; or shell, a script", ""},
	}
	h := newHandler(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := runPayload(t.Context(), t, h, tt.payload)
			if o.class() != tt.class || o.code() != tt.code || string(o.Value) != tt.value {
				t.Errorf("class %q, code %d, value %s; want %q, %d, %s (%v)", o.class(), o.code(), o.Value, tt.class, tt.code, tt.value, o.err)
			}
			if o.failure != nil && o.failure.Message != tt.message {
				t.Errorf("message %q, want %q", o.failure.Message, tt.message)
			}
			if (o.err == nil) != (tt.class == "") {
				t.Errorf("Run = %v", o.err)
			}
			if o.failure != nil && o.failure.Permanent != (tt.class == "bad_payload") {
				t.Errorf("permanent = %v", o.failure.Permanent)
			}
		})
	}
}

// writer is a Runner while somebody still writes the program, until that was refused.
type writer struct {
	exec.Runner
	program *os.File
	refused int
}

func (w *writer) Run(ctx context.Context, cmd supervise.Command) (supervise.Exit, error) {
	exit, err := w.Runner.Run(ctx, cmd)
	if errors.Is(err, syscall.ETXTBSY) {
		w.refused++
		w.program.Close()
	}
	return exit, err
}

func TestBusyProgram(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "program")
	f, err := os.OpenFile(program, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("#!/bin/sh\necho ready\n")
	opts := options(t)
	w := &writer{Runner: opts.Runner, program: f}
	opts.Runner = w
	h, err := exec.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	o := runPayload(t.Context(), t, h, `{"command": ["`+program+`"]}`)
	if got := o.log.Texts(job.StreamStdout); o.err != nil || w.refused == 0 || !slices.Equal(got, []string{"ready"}) {
		t.Errorf("Run = %v after %d refusals with output %q, want success after one at least", o.err, w.refused, got)
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	o := runPayload(t.Context(), t, newHandler(t), `{"command": ["env"], "env": {"A": "x y", "LANG": "C", "BASH_ENV": "z"}, "dir": "/tmp"}`)
	got := slices.DeleteFunc(o.log.Texts(job.StreamStdout), func(s string) bool { return strings.HasPrefix(s, supervise.Variable+"=") })
	slices.Sort(got)
	want := []string{
		"A=x y", "BASH_ENV=z", "HOME=/root", "LANG=C", "PATH=/usr/local/bin:/usr/bin:/bin",
		"SCHEDD_ATTEMPT=1", "SCHEDD_EXECUTION_ID=01990000-0000-0000-0000-000000000002", "SCHEDD_FENCING_TOKEN=7",
		"SCHEDD_JOB_ID=01990000-0000-0000-0000-000000000001", "SCHEDD_JOB_NAME=nightly", "SCHEDD_OCCURRENCE=3",
		"SCHEDD_PLATFORM=default", "SCHEDD_RUN_NUMBER=42", "SCHEDD_SCHEDULED_AT=2026-11-22T02:00:00Z",
		"TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEnvironmentOfABareDaemon(t *testing.T) {
	t.Parallel()
	opts := options(t)
	opts.Environ = []string{"LD_PRELOAD=/x", "SCHEDD_JOB_NAME=y", "TRACEPARENT=z", "EMPTY=", "KEEP=1"}
	opts.PassEnv = []string{"LD_PRELOAD", "SCHEDD_JOB_NAME", "TRACEPARENT", "EMPTY", "KEEP"}
	h, err := exec.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	o := runPayload(t.Context(), t, h, `{"shell": "echo $PATH; echo .$LD_PRELOAD.; echo $SCHEDD_JOB_NAME $KEEP; pwd"}`)
	want := []string{"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "..", "nightly 1", "/"}
	if diff := cmp.Diff(want, o.log.Texts(job.StreamStdout)); diff != "" {
		t.Error(diff)
	}
}

func TestStdin(t *testing.T) {
	t.Parallel()
	h := newHandler(t)
	for payload, want := range map[string][]string{
		`{"command": ["cat"]}`:                            nil, // /dev/null, so it ends
		`{"command": ["cat"], "stdin": ""}`:               nil,
		`{"command": ["cat"], "stdin": "one\ntwo"}`:       {"one", "two"},
		`{"command": ["sort", "-r"], "stdin": "a\nb\n"}`:  {"b", "a"},
		`{"shell": "read a; echo $a", "stdin": "x\ny\n"}`: {"x"},
	} {
		o := runPayload(t.Context(), t, h, payload)
		if diff := cmp.Diff(want, o.log.Texts(job.StreamStdout)); o.err != nil || diff != "" {
			t.Errorf("%s: %v %s", payload, o.err, diff)
		}
	}
}

func TestOutput(t *testing.T) {
	t.Parallel()
	h := newHandler(t)
	long := strings.Repeat("ä", 5000)
	for _, tt := range []struct {
		script string
		want   []string
	}{
		{`printf 'a\nb\n\nc'`, []string{"a", "b", "", "c"}},
		{`printf 'dos\r\n'`, []string{"dos"}},
		{`printf '\377\376x\n'`, []string{"\uFFFDx"}},
		{`printf 'a\000\000b\n'`, []string{"a\uFFFDb"}},
		{`printf ''`, nil},
		{`printf '\n'`, []string{""}},
		{`echo ` + long, []string{long[:4096], long[4096:8192], long[8192:]}},
		{`printf 'x%s\n' ` + long, []string{"x" + long[:4094], long[4094:8190], long[8190:]}},
		{`head -c 4096 /dev/zero | tr '\0' x; echo; echo y`, []string{strings.Repeat("x", 4096), "y"}},
		{`echo before; exec >&- 2>&-; sleep 0.1`, []string{"before"}},
	} {
		name := tt.script[:min(len(tt.script), 40)]
		payload, _ := json.Marshal(map[string]string{"shell": tt.script})
		o := runPayload(t.Context(), t, h, string(payload))
		if diff := cmp.Diff(tt.want, o.log.Texts(job.StreamStdout)); o.err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, o.err, diff)
		}
	}
	o := runPayload(t.Context(), t, h, `{"shell": "echo out; echo err >&2"}`)
	for _, line := range o.log.Lines() {
		if line.Level != job.LogInfo || line.Stream == job.StreamStdout && line.Text != "out" || line.Stream == job.StreamStderr && line.Text != "err" {
			t.Errorf("line %+v", line)
		}
	}
}

// counter is a log that only counts.
type counter struct{ bytes, lines int }

func (c *counter) Line(_ job.LogLevel, _ job.Stream, text string) {
	c.bytes += len(text)
	c.lines++
	if len(text) > job.MaxLogLine || !utf8.ValidString(text) {
		panic("bad line")
	}
}

func TestFloodWithoutNewline(t *testing.T) {
	t.Parallel()
	task, _ := handlertest.NewTask(`{"shell": "head -c 67108864 /dev/zero | tr '\\0' x"}`)
	c := &counter{}
	task.Log = c
	if _, err := newHandler(t).Run(t.Context(), task); err != nil || c.bytes != 64<<20 || c.lines != 64<<20/job.MaxLogLine {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestStop is the second half of F31: what holds on when it should end.
func TestStop(t *testing.T) {
	t.Parallel()
	opts := options(t)
	opts.Grace = 300 * time.Millisecond
	h, err := exec.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, script string
		killed       bool
	}{
		{"sleeps", "echo ready; sleep 60", false},
		{"ignores SIGTERM", "trap '' TERM; echo ready; while :; do sleep 1; done", true},
		{"forks", "sleep 60 & sleep 60 & echo ready; wait", false},
		{"grandchild holds the pipe", "setsid sleep 60 & echo ready; sleep 60", false},
		{"grandchild ignores SIGTERM", "setsid sh -c 'trap \"\" TERM; echo ready; while :; do sleep 1; done' & sleep 60", false},
		{"daemonises", "(setsid sleep 60 &); echo ready; sleep 60", false},
		{"says yes", "yes ready", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			payload, _ := json.Marshal(map[string]string{"shell": tt.script})
			task, _ := handlertest.NewTask(string(payload))
			log := &stopper{stop: cancel}
			task.Log = log
			_, err := h.Run(ctx, task)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Run = %v, want Canceled", err)
			}
			if took := time.Since(log.stopped); took > 4*time.Second {
				t.Errorf("took %v", took)
			}
			if killed := strings.Contains(strings.Join(log.notes, "\n"), "it got SIGKILL"); killed != tt.killed {
				t.Errorf("killed = %v: %q", killed, log.notes)
			}
		})
	}
}

// stopper is a log that stops the command at its first line, and remembers the lines
// of schedd itself.
type stopper struct {
	stop    func()
	stopped time.Time
	notes   []string
}

func (s *stopper) Line(_ job.LogLevel, stream job.Stream, text string) {
	switch {
	case stream == job.StreamSystem:
		s.notes = append(s.notes, text)
	case s.stopped.IsZero():
		s.stopped = time.Now()
		s.stop()
	}
}

func TestLeftovers(t *testing.T) {
	t.Parallel()
	o := runPayload(t.Context(), t, newHandler(t), `{"shell": "sleep 60 & setsid sleep 60 & sleep 0.1"}`)
	want := []string{"processes that the command left running were killed: 2"}
	if diff := cmp.Diff(want, o.log.Texts(job.StreamSystem)); o.err != nil || diff != "" {
		t.Errorf("%v %s", o.err, diff)
	}
}

func TestCancelCause(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	task, _ := handlertest.NewTask(`{"shell": "echo ready; exec sleep 60"}`)
	task.Log = &stopper{stop: func() { cancel(errors.New("the daemon stops")) }}
	result, err := newHandler(t).Run(ctx, task)
	f, ok := errors.AsType[*handler.Failure](err)
	if !ok || f.Class != "cancelled" || !errors.Is(err, context.Canceled) || f.Message != "command stopped: the daemon stops" || *result.ExitCode != 143 {
		t.Errorf("Run = %s, %v", result.Value, err)
	}
}

func TestNamed(t *testing.T) {
	t.Parallel()
	opts := options(t)
	dir := t.TempDir()
	h, err := exec.Named(opts, exec.NamedOptions{
		Argv: []string{"/bin/sh", "-c", `cat; echo "$A $0"; pwd`, "$(id)"}, Env: map[string]string{"A": "1"}, Dir: dir, PayloadStdin: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	o := runPayload(t.Context(), t, h, `{"db": "a;b", "x": [1]}`)
	want := []string{`{"db": "a;b", "x": [1]}`, "1 $(id)", dir}
	if diff := cmp.Diff(want, o.log.Texts(job.StreamStdout)); o.err != nil || diff != "" {
		t.Errorf("%v %s", o.err, diff)
	}
	if err := h.ValidatePayload(json.RawMessage(`{"any": "thing"}`)); err != nil {
		t.Errorf("ValidatePayload = %v, want nil", err)
	}

	h, err = exec.Named(opts, exec.NamedOptions{Argv: []string{"/bin/sleep", "60"}, Timeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if o := runPayload(t.Context(), t, h, `{}`); o.class() != "timeout" || !errors.Is(o.err, context.DeadlineExceeded) {
		t.Errorf("Run = %v, want a time-out", o.err)
	}
	if err := h.ValidatePayload(json.RawMessage(`{"any": "thing"}`)); job.CodeOf(err) != job.Invalid {
		t.Errorf("ValidatePayload = %v, want invalid: nobody would read it", err)
	}
	for _, payload := range []string{``, `{}`} {
		if err := h.ValidatePayload(json.RawMessage(payload)); err != nil {
			t.Errorf("ValidatePayload(%q) = %v, want nil", payload, err)
		}
	}
}

func TestNamedRefuses(t *testing.T) {
	t.Parallel()
	opts := options(t)
	for field, n := range map[string]exec.NamedOptions{
		"argv":           {},
		"argv ":          {Argv: []string{"sh"}},
		"argv  ":         {Argv: []string{"/bin/sh", "a\x00"}},
		"dir":            {Argv: []string{"/bin/sh"}, Dir: "x"},
		"timeout":        {Argv: []string{"/bin/sh"}, Timeout: -1},
		"env.LD_PRELOAD": {Argv: []string{"/bin/sh"}, Env: map[string]string{"LD_PRELOAD": "x"}},
		"env.A B":        {Argv: []string{"/bin/sh"}, Env: map[string]string{"A B": "x"}},
		"env.A":          {Argv: []string{"/bin/sh"}, Env: map[string]string{"A": "\x00"}},
	} {
		_, err := exec.Named(opts, n)
		fault, ok := errors.AsType[*job.Error](err)
		if !ok || fault.Fields[0].Field != strings.TrimRight(field, " ") {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := exec.New(exec.Options{}); err == nil {
		t.Error("New without a Runner = nil, want an error")
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	opts := options(t)
	opts.Limits = supervise.Limits{Files: 99, Core: supervise.None}
	h, err := exec.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	o := runPayload(t.Context(), t, h, `{"shell": "ulimit -n; ulimit -c; exit 3"}`)
	if diff := cmp.Diff([]string{"99", "0"}, o.log.Texts(job.StreamStdout)); diff != "" || o.code() != 3 {
		t.Errorf("code %d %s", o.code(), diff)
	}
}

// TestNoMoreProcesses is RLIMIT_NPROC, which root does not have.
func TestNoMoreProcesses(t *testing.T) {
	t.Parallel()
	h, err := exec.New(exec.Options{Runner: broken{&supervise.StartError{Path: "/bin/true", Err: syscall.EAGAIN}}})
	if err != nil {
		t.Fatal(err)
	}
	o := runPayload(t.Context(), t, h, `{"command": ["true"]}`)
	if o.class() != "start_failed" || o.err.Error() != "true: resource temporarily unavailable" || o.failure.Permanent {
		t.Errorf("Run = %v (%s)", o.err, o.class())
	}
}

func TestSupervisorLost(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"supervisor_lost": fmt.Errorf("x: %w", supervise.ErrLost),
		"unkillable":      supervise.ErrUnkillable,
	} {
		h, newErr := exec.New(exec.Options{Runner: broken{err}})
		if newErr != nil {
			t.Fatal(newErr)
		}
		if o := runPayload(t.Context(), t, h, `{"command": ["true"]}`); o.class() != want || !errors.Is(o.err, err) {
			t.Errorf("Run = %v (%s), want %s", o.err, o.class(), want)
		}
	}
}

// broken is a Runner that always fails.
type broken struct{ err error }

func (b broken) Run(_ context.Context, cmd supervise.Command) (supervise.Exit, error) {
	cmd.Stdout.Close()
	cmd.Stderr.Close()
	return supervise.Exit{}, b.err
}

// TestHeldPipe is a process that got hold of the output and that nobody can find.
func TestHeldPipe(t *testing.T) {
	t.Parallel()
	holder := &holder{}
	defer func() { holder.held.Close() }()
	h, err := exec.New(exec.Options{Runner: holder})
	if err != nil {
		t.Fatal(err)
	}
	o := runPayload(t.Context(), t, h, `{"command": ["true"]}`)
	want := []string{"the output is still open in another process; what follows is dropped"}
	if diff := cmp.Diff(want, o.log.Texts(job.StreamSystem)); o.err != nil || diff != "" {
		t.Errorf("%v %s", o.err, diff)
	}
	if diff := cmp.Diff([]string{"half a line"}, o.log.Texts(job.StreamStdout)); diff != "" {
		t.Error(diff)
	}
}

// holder keeps the command's stdout open.
type holder struct{ held *os.File }

func (h *holder) Run(_ context.Context, cmd supervise.Command) (supervise.Exit, error) {
	cmd.Stderr.Close()
	h.held = cmd.Stdout
	h.held.WriteString("half a line")
	return supervise.Exit{PID: 1}, nil
}
