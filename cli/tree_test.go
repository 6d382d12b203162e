package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/agentic-sdlc/scheduler/job"
)

// walk calls f for every command of the tree.
func walk(cmd *cobra.Command, f func(*cobra.Command)) {
	f(cmd)
	for _, child := range cmd.Commands() {
		walk(child, f)
	}
}

func TestEveryCommandIsComplete(t *testing.T) {
	t.Parallel()
	root := newRootCmd(newApp(Env{}))
	verbs := 0
	walk(root, func(cmd *cobra.Command) {
		path := cmd.CommandPath()
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: Short is %q", path, cmd.Short)
		}
		if cmd.Example == "" {
			t.Errorf("%s has no Example", path)
		}
		for line := range strings.Lines(cmd.Example) {
			if !strings.HasPrefix(line, "  ") {
				t.Errorf("%s: example is not indented: %q", path, line)
			}
		}
		if !cmd.Runnable() || cmd.Args == nil {
			t.Errorf("%s: takes any arguments silently", path)
		}
		if cmd.ValidArgsFunction == nil && cmd.Name() != "import" && cmd.Name() != "check" {
			t.Errorf("%s does not complete its arguments", path)
		}
		checkArguments(t, cmd)
		checkExamples(t, root, cmd)
		if cmd.HasSubCommands() {
			checkTypo(t, cmd)
		}
		if !cmd.HasSubCommands() {
			verbs++
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) { checkFlag(t, path, cmd, f) })
	})
	if verbs < 50 {
		t.Errorf("the tree has %d verbs; is something missing?", verbs)
	}
}

// checkArguments holds that a command which names arguments in its usage refuses to run
// without those that are required, and one that names none refuses any.
func checkArguments(t *testing.T, cmd *cobra.Command) {
	t.Helper()
	_, names, _ := strings.Cut(cmd.Use, " ")
	required := names != "" && !strings.HasPrefix(names, "[") && !strings.HasPrefix(names, "-")
	byFlags := slices.Contains([]string{"retry", "drop", "pause", "resume", "cancel", "delete", "store"}, cmd.Name()) || cmd.DisableFlagParsing
	err := cmd.Args(cmd, nil)
	switch {
	case cmd.HasSubCommands() || byFlags:
	case required && (err == nil || statusOf(err) != exitUsage):
		t.Errorf("%s: usage is %q, but without arguments it gets %v", cmd.CommandPath(), cmd.Use, err)
	case names == "" && cmd.Args(cmd, []string{"x"}) == nil:
		t.Errorf("%s: usage is %q, but it takes an argument", cmd.CommandPath(), cmd.Use)
	}
}

// checkExamples holds that examples name commands and flags that are there.
func checkExamples(t *testing.T, root, cmd *cobra.Command) {
	t.Helper()
	joined := strings.ReplaceAll(cmd.Example, "\\\n", " ")
	for line := range strings.Lines(joined) {
		_, call, found := strings.Cut(line, "schedctl ")
		if !found {
			continue
		}
		call, _, _ = strings.Cut(call, " -- ")
		target, _, err := root.Find(strings.Fields(call))
		if err != nil || target == root && !strings.HasPrefix(call, "-") {
			t.Errorf("%s: its example %q is no command", cmd.CommandPath(), strings.TrimSpace(line))
			continue
		}
		for _, word := range strings.Fields(call) {
			name, isFlag := strings.CutPrefix(word, "--")
			if name, _, _ = strings.Cut(name, "="); isFlag && target.Flag(name) == nil && !target.DisableFlagParsing {
				t.Errorf("%s: its example has --%s, which %s does not", cmd.CommandPath(), name, target.CommandPath())
			}
		}
	}
}

// checkTypo holds that a mistyped child is a usage error with a suggestion.
func checkTypo(t *testing.T, cmd *cobra.Command) {
	t.Helper()
	for _, child := range cmd.Commands() {
		name := child.Name()
		if child.Hidden || len(name) < 4 {
			continue
		}
		typed := name[:1] + name[2:3] + name[1:2] + name[3:] // two letters swapped
		if slices.ContainsFunc(cmd.Commands(), func(other *cobra.Command) bool {
			return job.Nearest(typed, []string{other.Name()}) != "" && other.Name() != name
		}) {
			typed = name + "x" // swapped, it is as near to another
		}
		if typed == name {
			continue
		}
		args := append(strings.Fields(cmd.CommandPath())[1:], typed)
		r := runIn(t, world{}, args...)
		if r.code != exitUsage || r.out != "" || !strings.Contains(r.err, "did you mean") || !strings.Contains(r.err, name) {
			t.Errorf("schedctl %s: status %d, %q", strings.Join(args, " "), r.code, r.err)
		}
	}
}

func checkFlag(t *testing.T, path string, cmd *cobra.Command, f *pflag.Flag) {
	t.Helper()
	if f.Usage == "" || strings.HasSuffix(f.Usage, ".") {
		t.Errorf("%s --%s: usage is %q", path, f.Name, f.Usage)
	}
	if kind := f.Value.Type(); kind == "word" || kind == "words" {
		complete, ok := cmd.GetFlagCompletionFunc(f.Name)
		if !ok {
			t.Errorf("%s --%s has no completion", path, f.Name)
			return
		}
		offered, directive := complete(cmd, nil, "")
		if len(offered) == 0 || directive&cobra.ShellCompDirectiveNoFileComp == 0 {
			t.Errorf("%s --%s completes to %v, %v", path, f.Name, offered, directive)
		}
		for _, word := range offered {
			if !strings.Contains(f.Usage, word) {
				t.Errorf("%s --%s: usage does not name %q", path, f.Name, word)
			}
		}
	}
}

func TestSiblingsDoNotShareNames(t *testing.T) {
	t.Parallel()
	walk(newRootCmd(newApp(Env{})), func(cmd *cobra.Command) {
		var names []string
		for _, child := range cmd.Commands() {
			for _, name := range append([]string{child.Name()}, child.Aliases...) {
				if slices.Contains(names, name) {
					t.Errorf("%s has two children %q", cmd.CommandPath(), name)
				}
				names = append(names, name)
			}
		}
	})
}

// Bad input B68 and B77: usage errors exit with 2, say what is wrong, and help.
func TestUsageErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		says []string
	}{
		{"no command", nil, []string{"Usage:"}},
		{"group alone", []string{"job"}, []string{"schedctl job COMMAND"}},
		{"unknown command", []string{"jbos"}, []string{`unknown command "jbos"`, `did you mean "job"`}},
		{"unknown child", []string{"job", "lsit"}, []string{`error: unknown command "lsit" for "schedctl job"`, `hint: did you mean "list"?`}},
		{"verb mistyped without its noun", []string{"creat", "cron", "x"}, []string{`did you mean "schedctl job create"?`}},
		{"the daemon's command", []string{"serve"}, []string{"schedd serve"}},
		{"unknown child with a flag of the one that is meant", []string{"job", "rm", "x", "--dry-run"}, []string{`unknown command "rm" for "schedctl job"`, `did you mean "delete"`}},
		{"synonym", []string{"job", "rm"}, []string{`did you mean "delete"`}},
		{"verb without its noun", []string{"pause"}, []string{`did you mean "schedctl job pause"`}},
		{"nothing like it", []string{"job", "frobnicate"}, []string{`see "schedctl job --help"`}},
		{"unknown flag", []string{"ls", "--stauts", "x"}, []string{"unknown flag --stauts", "did you mean --status"}},
		{"unknown short flag", []string{"ls", "-z"}, []string{"unknown flag -z"}},
		{"flag without value", []string{"ls", "--status"}, []string{"--status needs a value"}},
		{"flag twice", []string{"ls", "-o", "json", "-o", "name"}, []string{"--output is given twice"}},
		{"bad word", []string{"ls", "-o", "yml"}, []string{`invalid value "yml" for --output`, `did you mean "yaml"`, "use one of table"}},
		{"bad status", []string{"ls", "--status", "active,pausd"}, []string{`did you mean "paused"`}},
		{"bad number", []string{"ls", "--limit", "many"}, []string{`invalid value "many" for --limit`, "whole number"}},
		{"limit 0", []string{"ls", "--limit", "0"}, []string{"--limit must be at least 1"}},
		{"bad sort", []string{"ls", "--sort-by", "password"}, []string{`--sort-by: no column "password"`, "use one of a"}},
		{"bad column", []string{"ls", "-o", "csv", "--columns", "name,net_run"}, []string{`--columns: no column "net_run"`, `did you mean "next_run"`}},
		{"columns of JSON", []string{"ls", "-o", "json", "--columns", "name"}, []string{"--columns goes with -o table"}},
		{"bad jq", []string{"ls", "--jq", ".items["}, []string{"--jq: unexpected EOF"}},
		{"jq and another format", []string{"ls", "--jq", ".", "-o", "yaml"}, []string{"--jq and -o yaml can't be combined"}},
		{"raw without jq", []string{"ls", "-r"}, []string{"--raw goes with --jq", "-o name"}},
		{"bad template", []string{"ls", "-o", "template={{.name"}, []string{"-o template:", "is not closed by }}"}},
		{"two platforms", []string{"ls", "-p", "web", "--all-platforms"}, []string{"can't be combined"}},
		{"context without a file", []string{"ls", "-c", "prod"}, []string{`no context "prod"`, "schedctl config set-context prod"}},
		{"file of contexts", []string{"ls", "--config", "/nonexistent/config"}, []string{"no such file: /nonexistent/config"}},
		{"all jobs without a word", []string{"job", "pause", "--columns", "a,,b", "x"}, []string{"a name between the commas is missing"}},
		{"method", []string{"api", "FETCH", "/jobs"}, []string{`unknown method "FETCH"`}},
		{"path", []string{"api", "GET", "jobs"}, []string{`"jobs" is not a path`}},
		{"body", []string{"api", "POST", "/jobs", "--data", "{"}, []string{"--data is not JSON"}},
		{"backfill without a span", []string{"backfill", "x", "--from", "yesterday"}, []string{"missing flag --to"}},
		{"goal", []string{"wait", "x", "--for", "succes"}, []string{`did you mean "success"`}},
		{"goal status", []string{"wait", "x", "--for", "status=done"}, []string{"use one of pending"}},
		{"tag without a sign", []string{"job", "tag", "x", "blue"}, []string{`"blue" is neither +TAG nor -TAG`}},
		{"tag of nothing", []string{"job", "tag", "x"}, []string{"missing argument +TAG|-TAG"}},
		{"busy with a limit", []string{"next", "--busy", "-n", "5"}, []string{"--busy and --limit can't be combined"}},
		{"past minute", []string{"next", "--at", "today 09:00"}, []string{"is in the past"}},
		{"install for", []string{"completion", "install", "tcsh"}, []string{"no folder for the completions"}},
		{"bad duration", []string{"next", "--window", "5"}, []string{"no unit", "5s or 5m"}},
		{"bad zone", []string{"ls", "--tz", "Mars/Base"}, []string{`unknown time zone "Mars/Base"`}},
		{"missing argument", []string{"execution", "show"}, []string{"missing argument EXECUTION", "usage: schedctl execution show EXECUTION"}},
		{"too many arguments", []string{"run", "a", "b"}, []string{`unexpected argument "b"`}},
		{"bad server", []string{"ls", "--server", "ftp://x"}, []string{`server "ftp://x" is not an address`, "unix:///"}},
		{"count", []string{"explain", "* * * * *", "-n", "0"}, []string{"--count must be 1 to 1000"}},
		{"count too large", []string{"explain", "* * * * *", "-n", "1000001"}, []string{"--count must be 1 to 1000"}},
		{"expression for next", []string{"next", "61 * * * *"}, []string{"not the name of a job", "schedctl explain"}},
		{"unquoted expression", []string{"explain", "30", "2"}, []string{"quote the expression"}},
		{"time", []string{"job", "create", "once", "x", "--at", "tomorow 9", "--", "true"}, []string{`did you mean "tomorrow"`}},
		{"time out of range", []string{"job", "create", "once", "x", "--at", "25:00", "--", "true"}, []string{"hour 25"}},
		{"negative", []string{"job", "create", "once", "x", "--in", "-5m", "--", "true"}, []string{"negative"}},
		{"no unit", []string{"job", "create", "once", "x", "--in", "5", "--", "true"}, []string{"no unit"}},
		{"at and in", []string{"job", "create", "once", "x", "--in", "5m", "--at", "noon", "--", "true"}, []string{"--at and --in can't be combined"}},
		{"past", []string{"job", "create", "once", "x", "--at", "today 09:00", "--", "true"}, []string{"in the past", "tomorrow 09:00"}},
		{"no time", []string{"job", "create", "once", "x", "--", "true"}, []string{"missing flag --at or --in"}},
		{"no schedule", []string{"job", "create", "cron", "x", "--", "true"}, []string{"missing flag --schedule"}},
		{"no command to run", []string{"job", "create", "cron", "x", "-s", "@daily"}, []string{"nothing to run"}},
		{"command without dashes", []string{"job", "create", "cron", "x", "-s", "@daily", "/bin/true"}, []string{`unexpected argument "/bin/true"`, "behind --"}},
		{"bad payload", []string{"job", "create", "cron", "x", "-s", "@daily", "--handler", "h", "--payload", "{bad"}, []string{"--payload: invalid character"}},
		{"payload is a list", []string{"job", "create", "cron", "x", "-s", "@daily", "--handler", "h", "--payload", "[]"}, []string{"no object"}},
		{"payload file", []string{"job", "create", "cron", "x", "-s", "@daily", "--handler", "h", "--payload", "@missing.json"}, []string{"no such file: missing.json"}},
		{"comma in a tag", []string{"job", "create", "cron", "x", "-s", "@daily", "--tag", "a,b", "--", "true"}, []string{"no comma"}},
		{"two things to run", []string{"job", "create", "cron", "x", "-s", "@daily", "--url", "http://x", "--", "true"}, []string{"can't be combined"}},
		{"nothing to set", []string{"job", "set", "x"}, []string{"nothing to change"}},
		{"unset", []string{"job", "set", "x", "--unset", "end_dat"}, []string{`did you mean "end_date"`}},
		{"delete without terminal", []string{"crontab", "import"}, []string{"missing argument FILE"}},
		{"every job", []string{"job", "pause", "*"}, []string{"is every job", "--all"}},
		{"no job", []string{"job", "pause"}, []string{"missing argument JOB"}},
		{"shell", []string{"completion", "tcsh"}, []string{`unknown shell "tcsh"`}},
		{"topic", []string{"help", "nonsense"}, []string{`no command or topic "nonsense"`}},
		{"topic mistyped", []string{"help", "exitcodes"}, []string{`did you mean "exit-codes"?`}},
		{"shell that nobody named", []string{"completion", "install"}, []string{"SHELL does not say"}},
		{"logs as JSON while waiting", []string{"run", "x", "--logs", "-o", "json"}, []string{"--logs and -o json"}},
		{"retry of nothing", []string{"execution", "retry"}, []string{"give executions, or --failed"}},
		{"cancel on timeout", []string{"run", "x", "--wait", "--cancel-on-timeout"}, []string{"needs --timeout"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			runIn(t, world{env: map[string]string{"SCHEDCTL_SERVER": "/nonexistent/socket"}}, tt.args...).check(t, exitUsage, "-", tt.says...)
		})
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--help"}, {"-h"}, {"help"}, {"help", "job", "create", "cron"}, {"run", "--help"}, {"help", "time"}} {
		r := runIn(t, world{}, args...)
		if r.code != exitOK || r.out == "" || r.err != "" {
			t.Errorf("%v: status %d, stdout %q, stderr %q", args, r.code, r.out, r.err)
		}
	}
	all := runIn(t, world{}, "help", "topics")
	for _, topic := range topics {
		runIn(t, world{}, "help", topic).check(t, exitOK, "")
		if !strings.Contains(all.out, "\n"+topic+" ") && !strings.HasPrefix(all.out, topic+" ") {
			t.Errorf("help topics leaves out %s:\n%s", topic, all.out)
		}
	}
}

func TestEnvironmentSetsGlobals(t *testing.T) {
	t.Parallel()
	runIn(t, world{env: map[string]string{"SCHEDCTL_OUTPUT": "name"}}, "explain", "0 2 * * *", "-n", "1").
		check(t, exitOK, "2026-11-23T02:00:00Z\n")
	runIn(t, world{env: map[string]string{"SCHEDCTL_OUTPUT": "name"}}, "explain", "0 2 * * *", "-n", "1", "-o", "json").check(t, exitOK, "")
	runIn(t, world{env: map[string]string{"SCHEDCTL_OUTPUT": "yml"}}, "explain", "0 2 * * *").check(t, exitUsage, "-", `SCHEDCTL_OUTPUT="yml"`)
}
