package crontab

import (
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	text := strings.Join([]string{
		"# comment",
		"",
		"  \t ",
		"   # indented comment",
		"MAILTO = ops@example.org  ",
		`PATH="/usr/local/bin:/usr/bin"`,
		`'QUOTED NAME'='a b '`,
		"0\t5 * * 1-5   /bin/backup --all  # not a comment",
		"  @daily FOO=1 /bin/daily",
		"HOME=/srv",
		`30 4 1,15 * * echo 100\% \done > "a;b"%line 1%line \% 2%`,
		"0 0 * * * mail%",
		"5 0 * jan sun x",
	}, "\n")
	got := Parse(text, Options{})
	base := []Var{{"MAILTO", "ops@example.org"}, {"PATH", "/usr/local/bin:/usr/bin"}, {"QUOTED NAME", "a b "}}
	all := append(append([]Var(nil), base...), Var{"HOME", "/srv"})
	want := []Entry{
		{Line: 8, Schedule: "0 5 * * 1-5", Command: "/bin/backup --all  # not a comment", Env: base},
		{Line: 9, Schedule: "@daily", Command: "FOO=1 /bin/daily", Env: base},
		{Line: 11, Schedule: "30 4 1,15 * *", Command: `echo 100% \done > "a;b"`, Stdin: "line 1\nline % 2\n", Env: all},
		{Line: 12, Schedule: "0 0 * * *", Command: "mail", Env: all},
		{Line: 13, Schedule: "5 0 * jan sun", Command: "x", Env: all},
	}
	if len(got.Entries) != len(want) {
		t.Fatalf("%d entries, want %d: %+v", len(got.Entries), len(want), got.Entries)
	}
	for i, e := range got.Entries {
		if e.Problem != "" {
			t.Errorf("line %d: %s", e.Line, e.Problem)
		}
		e.Source, e.Notes = "", nil
		if !reflect.DeepEqual(e, want[i]) {
			t.Errorf("got  %+v\nwant %+v", e, want[i])
		}
	}
}

func TestAssignment(t *testing.T) {
	t.Parallel()
	tests := []struct {
		line string
		want string // name=value, or "" when it is none
	}{
		{"A=b", "A=b"},
		{"A = b", "A=b"},
		{"A\t=\tb c  ", "A=b c"},
		{`A="b c "`, "A=b c "},
		{`A='b "c"'  `, `A=b "c"`},
		{`A=b "c"`, `A=b "c"`},
		{`A=""`, "A="},
		{"A=", "A="},
		{`"A B"=c`, "A B=c"},
		{"A=$HOME/bin", "A=$HOME/bin"},
		{"A=b # c", "A=b # c"},
		{`A="b" c`, ""},
		{`A="b`, ""},
		{"A b=c", ""},
		{"=b", ""},
		{"0 5 * * * A=b cmd", ""},
		{"@daily A=b cmd", ""},
		{`"A=B"=c`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			t.Parallel()
			v, ok := assignment(tt.line)
			got := ""
			if ok {
				got = v.Name + "=" + v.Value
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		line, says string // "" = taken
	}{
		{"0 5 * * * cmd", ""},
		{"*/5 * * * * cmd", ""},
		{"0 5 1 * 1 cmd", ""},   // both day fields, either matches: the same rule
		{"0 5 */2 * * cmd", ""}, // one of them open
		{"0 5 * * */2 cmd", ""},
		{"0 5 1-31 * 1 cmd", ""},
		{"0 5 */2 * 1 cmd", "BOTH"},
		{"0 5 1 * */2 cmd", "BOTH"},
		{"0 5 */1 * 1 cmd", "BOTH"},
		{"0 5 */2 * */2 cmd", "BOTH"},
		{"0 5 */1 * */1 cmd", ""}, // every day, whatever the rule
		{"0 5 *,1 * 1 cmd", "BOTH"},
		{"0 5 * * 7 cmd", ""},
		{"0 5 * * 5-7 cmd", ""},
		{"0 5 * * fri-sun cmd", "runs backwards"},
		{"0 5 * * MON,Wed cmd", ""},
		{"0 22-2 * * * cmd", "runs backwards"},
		{"5/15 * * * * cmd", "cron takes"},
		{"0 5 L * * cmd", "nothing that cron takes"},
		{"0 5 ? * * cmd", "nothing that cron takes"},
		{"H 5 * * * cmd", "nothing that cron takes"},
		{"0 5 * * 5#2 cmd", "nothing that cron takes"},
		{"60 5 * * * cmd", "outside 0-59"},
		{"0 24 * * * cmd", "outside 0-23"},
		{"0 5 0 * * cmd", "outside 1-31"},
		{"0 5 * 13 * cmd", "outside 1-12"},
		{"0 5 * * 8 cmd", "outside 0-7"},
		{"*/0 * * * * cmd", "no step"},
		{"*/x * * * * cmd", "no step"},
		{"1,,2 * * * * cmd", "nothing that cron takes"},
		{"0 5 30 2 * cmd", "never fires"},
		{"0 5 * * * ", "no command"},
		{"0 5 * * *", "no command"},
		{"0 5 * *", "4 of 5"},
		{"0 5 * * * %stdin", "no command"},
		{"@reboot cmd", "@reboot runs at boot"},
		{"@every 5m cmd", "nothing that cron knows"},
		{"@Daily cmd", ""},
		{"@midnight cmd", ""},
		{"@annually cmd", ""},
		{"garbage", "1 of 5"},
		{"0 5 * * * cmd\r", "carriage return"},
		{`A="b" c`, "2 of 5"},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			t.Parallel()
			f := Parse(tt.line, Options{})
			if len(f.Entries) != 1 {
				t.Fatalf("%d entries", len(f.Entries))
			}
			got := f.Entries[0].Problem
			if (got == "") != (tt.says == "") || !strings.Contains(got, tt.says) {
				t.Errorf("problem %q, want %q", got, tt.says)
			}
		})
	}
}

func TestSystemFormat(t *testing.T) {
	t.Parallel()
	f := Parse("17 * * * * root cd / && run-parts /etc/cron.hourly\n@daily www-data /x\n0 1 * * * root\n", Options{System: true})
	if e := f.Entries[0]; e.User != "root" || e.Command != "cd / && run-parts /etc/cron.hourly" || e.Problem != "" {
		t.Errorf("got %+v", e)
	}
	if e := f.Entries[1]; e.User != "www-data" || e.Command != "/x" || e.Schedule != "@daily" {
		t.Errorf("got %+v", e)
	}
	if e := f.Entries[2]; e.Problem == "" {
		t.Errorf("got %+v", e)
	}
	user := Parse("17 * * * * root run-parts /etc/cron.hourly\n", Options{})
	if notes := user.Entries[0].Notes; len(notes) != 1 || !strings.Contains(notes[0], "--system-format") {
		t.Errorf("notes %q", notes)
	}
}

func TestPayload(t *testing.T) {
	t.Parallel()
	f := Parse("SHELL=/bin/bash\nLOGNAME=mallory\nHOME=/srv\nX=1\n0 5 * * * cmd%in\n", Options{})
	got := f.Entries[0].Payload(Account{Name: "ann", Home: "/home/ann"})
	want := Payload{
		Shell: "cmd", ShellPath: "/bin/bash", Dir: "/srv", Stdin: "in\n", CleanEnv: true,
		Env: map[string]string{"SHELL": "/bin/bash", "LOGNAME": "ann", "USER": "ann", "HOME": "/srv", "X": "1", "PATH": DefaultPath},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	plain := Parse("0 5 * * * cmd", Options{}).Entries[0].Payload(Account{Name: "ann", Home: "/home/ann"})
	if plain.ShellPath != DefaultShell || plain.Dir != "/home/ann" || plain.Stdin != "" {
		t.Errorf("got %+v", plain)
	}
}

func TestBaseName(t *testing.T) {
	t.Parallel()
	tests := []struct {
		command, want string
	}{
		{"/opt/backup.sh", "backup-sh"},
		{"/usr/sbin/logrotate /etc/l.conf", "logrotate"},
		{"/opt/sync --fast", "sync"},
		{"cd /srv/app && ./bin/rake jobs", "rake"},
		{"test -x /usr/sbin/anacron || ( cd / && run-parts --report /etc/cron.daily )", "run-parts"},
		{"FOO=1 BAR=2 nice -n 10 /usr/bin/rsync -a", "rsync"},
		{"flock -n /tmp/l /opt/job", "job"},
		{"/usr/bin/python3 -u /srv/report.py --x", "report-py"},
		{"bash -c 'echo hi'", "bash"},
		{"[ -x /usr/lib/php/sessionclean ] && if [ ! -d /run/systemd/system ]; then /usr/lib/php/sessionclean; fi", "sessionclean"},
		{"echo hi > /tmp/x", "echo"},
		{"/opt/last-run", "job-last-run"},
		{"123", "job-123"},
		{"", "cron-job"},
		{"/", "cron-job"},
		{"sudo -u www /opt/job.sh", "job-sh"},
		{"timeout 30 curl -s http://x", "curl"},
	}
	for _, tt := range tests {
		t.Run(tt.command, func(t *testing.T) {
			t.Parallel()
			if got := BaseName(tt.command); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// FuzzParse holds that nothing panics and that what is taken has a schedule, a
// command and a name that schedd takes.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"0 5 * * * cmd", "@daily x%y", "A = 'b'", "*/5 8-18 * jan-mar mon x", "\\%\\\\%", "[ x ] && (", "5 5 5 5 5 flock"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, o := range []Options{{}, {System: true}} {
			for _, e := range Parse(text, o).Entries {
				if e.Problem != "" {
					continue
				}
				name := BaseName(e.Command)
				bad := strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
				if e.Schedule == "" || strings.TrimSpace(e.Command) == "" || bad != "" || name == "" || len(name) > 70 || name[0] == '-' {
					t.Fatalf("%q: %+v, name %q", text, e, name)
				}
			}
		}
	})
}
