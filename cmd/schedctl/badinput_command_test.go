package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// badCommands are rows B68 to B85: what is typed at schedctl.
func badCommands() []badRow {
	create := "schedctl job create cron bad -s @yearly --handler noop "
	return []badRow{
		{68, "commands and flags that do not exist", "", []try{
			typed(2, "Usage:"),
			typed(2, `did you mean "job"`, "jbos"),
			typed(2, `did you mean "list"?`, "job", "lsit"),
			typed(2, "did you mean --status?", "ls", "--statsu", "active"),
			typed(2, "--status needs a value", "ls", "--status"),
			typed(2, "--limit is given twice", "ls", "--limit", "5", "--limit", "6"),
			typed(2, "unexpected argument", "run", "target", "more"),
			typed(2, "missing argument JOB", "run"),
			typed(2, "schedctl job cancel", "cancel", "nightly"),
		}},
		{69, "no daemon at the other end", "the exit statuses of design §8: 6 unreachable, 4 permission, 7 timeout", []try{
			shell(6, "schedd is not reachable (tried unix:///nonexistent/s)", "schedctl ls --server /nonexistent/s"),
			shell(6, "is not reachable", "schedctl ls --server $HOME/schedd.yaml"),
			shell(6, "is not reachable", "schedctl ls --server http://127.0.0.1:1"),
			stale(), mute(), stranger(), older(),
			shell(2, "is not an address", "schedctl ls --server nonsense"),
		}},
		{70, "a token in clear", "a usage error is 2", []try{
			shell(2, "refusing to send a token in clear", "schedctl ls --server http://192.0.2.1:7070 --token-file ci.token"),
		}},
		{71, "names that match nothing, or too much", "", []try{
			typed(3, "not found", "job", "cancel", "nightly", "--yes"),
			typed(3, "not found", "job", "cancel", "targ", "--yes"),
			typed(3, "no job matches nothing-*", "job", "cancel", "nothing-*", "--yes"),
			typed(2, "--all", "job", "cancel", "*", "--yes"),
		}},
		{72, "files that are none", "a usage error is 2", []try{
			shell(2, "no such file", "schedctl apply -f missing.yaml"),
			shell(2, "", "mkdir -p empty && schedctl apply -f empty"),
			shell(2, "", ": >empty.yaml; schedctl apply -f empty.yaml"),
			shell(2, "larger than 1048576 bytes", "head -c 2000000 /dev/zero | tr '\\0' '#' | schedctl apply -f -"),
			shell(2, "broken.json:2:", "printf '{\\n\"name\": }' >broken.json; schedctl apply -f broken.json"),
			shell(2, "unknown field", "printf 'type: cron\\nname: a\\nshedule: x\\n' | schedctl apply -f -"),
		}},
		{73, "one bad job among a hundred", "a usage error is 2, and the place is file:line", []try{
			shell(2, ":468:11: schedule: hour: 25 is outside", "for i in $(seq 100); do h=25; [ $i = 94 ] || h=3; printf -- '---\\ntype: cron\\nname: many-%s\\nschedule: 0 %s * * *\\nhandler_name: noop\\n' $i $h; done | sed 1d >many.yaml; schedctl apply -f many.yaml"),
		}},
		{74, "payloads and tags that are none", "a usage error is 2", []try{
			shell(2, "--payload", create+"--payload '{bad'"),
			shell(2, "missing", create+"--payload @missing"),
			shell(2, "--payload", create+"--payload '[1]'"),
			shell(2, "a tag has no comma", create+"--tag a,b"),
			shell(2, "--set", create+"--set novalue"),
		}},
		{75, "times that are none", "a usage error is 2", []try{
			shell(2, `did you mean "tomorrow"?`, "schedctl job create once bad --at 'tomorow 9' --handler noop"),
			shell(2, "hour 25 is outside 0-23", "schedctl job create once bad --at 25:00 --handler noop"),
			shell(2, "it is negative", "schedctl job create once bad --in -5m --handler noop"),
			shell(2, "has no unit; say 5s or 5m", "schedctl job create once bad --in 5 --handler noop"),
			shell(2, "is in the past", "schedctl job create once bad --at 2020-01-01T00:00:00Z --handler noop"),
		}},
		{76, "counts that are none", "a usage error is 2", []try{
			typed(2, "outside 0–59", "explain", "61 * * * *"),
			typed(2, `is not the name of a job`, "next", "61 * * * *"),
			typed(2, "--limit must be at least 1", "next", "-n", "0"),
			typed(2, "--count must be 1 to 1000", "explain", "@daily", "-n", "1000001"),
		}},
		{77, "formats and columns that do not exist", "", []try{
			typed(2, `did you mean "yaml"?`, "ls", "--output", "yml"),
			typed(2, `no column "foo"`, "ls", "--columns", "foo"),
			typed(2, `no column "foo"`, "ls", "--sort-by", "foo"),
			typed(2, "--limit must be at least 1", "ls", "--limit", "0"),
			typed(2, "--jq", "ls", "--jq", ".items["),
			typed(2, "template", "ls", "-o", "template={{"),
		}},
		{78, "token files", "a usage error is 2", []try{
			shell(4, "chmod 600", "echo x >open.token; chmod 644 open.token; schedctl ls --server http://$ADDRESS --token-file open.token"),
			shell(2, "no such token file: missing.token", "schedctl ls --server http://$ADDRESS --token-file missing.token"),
			shell(2, "empty", "umask 077; : >empty.token; schedctl ls --server http://$ADDRESS --token-file empty.token"),
			shell(0, "foreign", "schedctl ls --server http://$ADDRESS --token-file ci.token -o name"),
		}},
		{79, "no confirmation", "not to confirm is a refusal, 2", []try{
			shell(2, "add --yes", "schedctl job delete target </dev/null"),
			shell(2, "add --yes", "echo | schedctl job cancel target"),
			shell(2, "add --yes", "schedctl job pause --all"),
		}},
		{80, "a reader that goes away", "", []try{
			shell(0, "", "schedctl explain @hourly -n 1000 | head -1 >/dev/null"),
		}},
		{81, "a full disk behind standard output", "", []try{
			shell(1, "no space left", "schedctl ls >/dev/full"),
		}},
		{82, "Ctrl-C", "", []try{
			shell(130, "goes on; attach again with: schedctl logs -f naps/1", "exec timeout --preserve-status -s INT 1 schedctl wait naps/1"),
			shell(130, "", "exec timeout --preserve-status -s INT 1 schedctl logs -f naps/1"),
		}},
		{83, "odd terminals", "", []try{
			shell(0, "target", "COLUMNS=1 schedctl ls"),
			shell(0, "target", "TERM=dumb LANG=C schedctl ls --color=auto"),
			shell(0, "target", "NO_COLOR=1 schedctl ls | cat -v"),
		}},
		{84, "names that are commands to somebody", "such names are refused at creation; other texts are shown escaped", []try{
			shell(0, `\x1b]0;pwn\x07`, "schedctl job set target --description \"$(printf '\\033]0;pwn\\007')\" >/dev/null; schedctl job show target -o csv --columns description").written(),
			shell(0, "'=cmd()", "schedctl job set target --description '=cmd()' >/dev/null; schedctl ls -o csv --columns description").written(),
			shell(2, "--", "schedctl job create cron -- -rf"),
			typed(3, "%s%n", "job", "show", "%s%n"),
			typed(3, `\x1b`, "job", "show", "\x1b]0;pwn\x07"),
		}},
		{85, "waiting for what never ends", "time-outs of waiting exit with 7", []try{
			typed(7, "is not over after 300ms", "wait", "naps/1", "--timeout", "300ms"),
		}},
	}
}

// stale meets a socket that nobody listens on any more.
func stale() try {
	return try{input: "a stale socket", status: 6, says: "is not reachable", send: func(s *badSite) reply {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: s.file("stale"), Net: "unix"})
		if err != nil {
			return reply{err: err}
		}
		l.SetUnlinkOnClose(false)
		l.Close()
		got := s.run(nil, "schedctl", "ls", "--server", s.file("stale"))
		return reply{status: got.status, text: got.err}
	}}
}

// mute meets somebody who says nothing.
func mute() try {
	return try{input: "a daemon that says nothing", status: 7, says: "", send: func(s *badSite) reply {
		l, err := net.Listen("unix", s.file("mute"))
		if err != nil {
			return reply{err: err}
		}
		defer l.Close()
		got := s.run(nil, "schedctl", "ls", "--server", s.file("mute"), "--timeout", "300ms")
		return reply{status: got.status, text: got.err}
	}}
}

// older meets a server that speaks HTTP and is no schedd.
func older() try {
	return try{input: "another server", status: 6, says: "does not answer like schedd", send: func(s *badSite) reply {
		l, err := net.Listen("unix", s.file("other"))
		if err != nil {
			return reply{err: err}
		}
		server := http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "<html>welcome</html>")
		})}
		go server.Serve(l) //nolint:errcheck // it is closed
		defer server.Close()
		got := s.run(nil, "schedctl", "ls", "--server", s.file("other"))
		return reply{status: got.status, text: got.err}
	}}
}

// stranger is a user whom the socket does not let in.
func stranger() try {
	return try{input: "a user who may not", status: 4, says: "group", send: func(s *badSite) reply {
		self, err := os.Executable()
		if err != nil {
			return reply{err: err}
		}
		program := s.file("schedctl") // where everybody finds it
		if err := exec.Command("cp", self, program).Run(); err != nil {
			return reply{err: err}
		}
		if err := os.Chmod(s.dir, 0o711); err != nil {
			return reply{err: err}
		}
		cmd := exec.Command(program, "ls", "--server", s.file("s"))
		cmd.Env = []string{"HOME=/", "LANG=C.UTF-8"}
		if os.Geteuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		} else if err := os.Chmod(s.file("s"), 0); err == nil {
			defer os.Chmod(s.file("s"), 0o660) //nolint:errcheck // it was just done
		}
		out, _ := cmd.CombinedOutput()
		return reply{status: cmd.ProcessState.ExitCode(), text: strings.TrimSpace(string(out))}
	}}
}
