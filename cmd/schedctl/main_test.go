package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/agentic-sdlc/scheduler/daemon"
	"github.com/agentic-sdlc/scheduler/daemon/command"
	"github.com/agentic-sdlc/scheduler/internal/supervise"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
)

// patience is how long a script waits for something that takes a moment.
const patience = 20 * time.Second

// TestMain makes the test binary both programs, so that scripts run them as they are.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"schedctl": main,
		"schedd":   schedd,
	})
}

// schedd is what cmd/schedd does.
func schedd() {
	if len(os.Args) > 1 && os.Args[1] == supervise.Verb {
		os.Exit(supervise.Main(os.Args[2:]))
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	env := command.Env{Args: os.Args[1:], Environ: os.Environ(), In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Signals: signals}
	os.Exit(command.Main(context.Background(), env, command.Tools{
		Serve: func(ctx context.Context, s command.Service) error {
			return daemon.Run(ctx, daemon.Options{Config: s.Config, Logger: s.Logger, Build: s.Build, Reloads: s.Reloads, Ready: s.Ready, Clock: rehearsalClock()})
		},
		Bootstrap: daemon.Bootstrap,
		Store: command.StoreTools{
			Schema: daemon.Schema, Migrate: daemon.Migrate, Move: daemon.MoveStore, Export: daemon.ExportStore, Import: daemon.ImportStore,
			Verify: daemon.VerifyBackup, Restore: daemon.RestoreBackup,
		},
	}))
}

// TestScripts runs testdata/*.txtar. Beside the usual commands they have
//
//	daemon [FLAGS…]          start schedd on $SCHEDCTL_SERVER; it is stopped at the end
//	halt                     stop it now
//	database                 start PostgreSQL; $DSN is the address of an empty database
//	exits N COMMAND ARGS…    run a command that must end with status N
//	folder                   add jobs_dir, the folder jobs.d of the script, to the configuration
//	reload                   send schedd SIGHUP
//	until REGEXP COMMAND…    run a command until its output matches
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setup,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"daemon":   startDaemon,
			"halt":     halt,
			"database": startDatabase,
			"exits":    exits,
			"folder":   folder,
			"reload":   reload,
			"until":    until,
		},
	})
}

// theTest is the key of the running test, theDaemon that of how to stop its schedd,
// theProcess that of its process.
const (
	theTest    = "test"
	theDaemon  = "daemon"
	theProcess = "process"
)

// setup gives each script a socket with a path short enough for one.
func setup(env *testscript.Env) error {
	dir, err := os.MkdirTemp("", "sctl")
	if err != nil {
		return err
	}
	env.Defer(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	env.Setenv("SOCKET", socket)
	env.Setenv("SCHEDCTL_SERVER", "unix://"+socket)
	env.Setenv("SCHEDCTL_TZ", "UTC")
	env.Setenv("LANG", "C.UTF-8")
	env.Values[theTest] = env.T()
	env.Values[theDaemon] = new(func())
	env.Values[theProcess] = new(*os.Process)
	config := fmt.Sprintf(`data_dir: %s
listen:
  socket: %s
worker:
  slots: 8
  drain_timeout: 1s
log:
  level: warn
`, filepath.Join(dir, "data"), socket)
	return os.WriteFile(filepath.Join(env.WorkDir, "schedd.yaml"), []byte(config), 0o600)
}

// startDaemon starts schedd and waits until it answers.
func startDaemon(ts *testscript.TestScript, _ bool, args []string) {
	logFile, err := os.Create(ts.MkAbs("schedd.log"))
	ts.Check(err)
	daemon := inScript(ts, "schedd", append([]string{"serve", "--config", ts.MkAbs("schedd.yaml")}, args...)...)
	daemon.Stdout, daemon.Stderr = logFile, logFile
	daemon.Env = append(daemon.Env, "SCHEDD_LOG_LEVEL=debug", canary)
	ts.Check(daemon.Start())
	*ts.Value(theProcess).(**os.Process) = daemon.Process
	ended := make(chan error, 1)
	go func() { ended <- daemon.Wait() }()
	stop := ts.Value(theDaemon).(*func())
	*stop = sync.OnceFunc(func() {
		_ = daemon.Process.Signal(syscall.SIGTERM)
		select {
		case err = <-ended:
		case <-time.After(patience):
			_ = daemon.Process.Kill()
			err = errors.New("it did not stop")
		}
		_ = logFile.Close()
		text, _ := os.ReadFile(logFile.Name())
		if found := leak(text); found != "" && err == nil {
			err = errors.New("a secret is in its log: " + found)
		}
		if err != nil {
			ts.Value(theTest).(testscript.T).Fatal(fmt.Sprintf("schedd: %v\n%s", err, text))
		}
	})
	ts.Defer(*stop)
	ready := "health"
	if len(args) > 0 { // with other roles it may be degraded, and be meant to
		ready = "version"
	}
	if !testbed.Poll(patience, func() bool { return inScript(ts, "schedctl", ready, "-q").Run() == nil }) {
		text, _ := os.ReadFile(logFile.Name())
		ts.Fatalf("schedd does not answer:\n%s", text)
	}
}

// halt stops what startDaemon started.
func halt(ts *testscript.TestScript, _ bool, _ []string) { (*ts.Value(theDaemon).(*func()))() }

// folder names the job files of the script in the configuration.
func folder(ts *testscript.TestScript, _ bool, _ []string) {
	f, err := os.OpenFile(ts.MkAbs("schedd.yaml"), os.O_APPEND|os.O_WRONLY, 0)
	ts.Check(err)
	dir := ts.MkAbs("jobs.d")
	ts.Check(os.Chmod(dir, 0o700))
	_, err = fmt.Fprintf(f, "jobs_dir: %s\n", dir)
	ts.Check(errors.Join(err, f.Close()))
}

// reload makes the daemon read its configuration again.
func reload(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check((*ts.Value(theProcess).(**os.Process)).Signal(syscall.SIGHUP))
}

// startDatabase starts a server of this script alone.
func startDatabase(ts *testscript.TestScript, _ bool, _ []string) {
	p, err := testbed.StartPostgres("", testbed.PostgresOptions{})
	ts.Check(err)
	ts.Defer(func() { ts.Check(p.Close()) })
	ts.Setenv("DSN", p.DSN("postgres"))
}

// inScript is a command with the directory and the environment of the script.
func inScript(ts *testscript.TestScript, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = ts.MkAbs(".")
	for _, variable := range []string{"PATH", "HOME", "SOCKET", "SCHEDCTL_SERVER", "SCHEDCTL_TZ", "LANG", "TMPDIR", "GOCOVERDIR"} {
		cmd.Env = append(cmd.Env, variable+"="+ts.Getenv(variable))
	}
	return cmd
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits N COMMAND ARGS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

func until(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: until REGEXP COMMAND ARGS…")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	var out []byte
	if !testbed.Poll(patience, func() bool {
		out, _ = inScript(ts, args[1], args[2:]...).CombinedOutput()
		return pattern.Match(out)
	}) {
		ts.Fatalf("%v never printed %s; the last time:\n%s", args[1:], args[0], out)
	}
}
