package cli

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/job"
)

const sampleCrontab = `# backups
MAILTO=ops
15 1 * * *   /opt/backup.sh
@weekly	/usr/sbin/logrotate /etc/l.conf

SHELL=/bin/bash
*/10 8-18 * * 1-5 /opt/sync --fast | tee /tmp/log%line one%line two
`

func crontabWorld(text string) world {
	return world{
		in: text, account: Account{Name: "ann", Home: "/home/ann"},
		links: map[string]string{"/etc/localtime": "/usr/share/zoneinfo/Europe/Berlin"},
	}
}

func TestCrontabImport(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /jobs", http.StatusOK, []job.Job{})
	s.handle("POST /jobs/cron", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusCreated, backup()) })
	s.runIn(crontabWorld(sampleCrontab), "crontab", "import", "-", "--tag", "legacy").check(t, exitOK, ""+
		"LINE  NAME       ACTION  SCHEDULE           COMMAND                          NOTE\n"+
		"   3  backup-sh  create  15 1 * * *         /opt/backup.sh                   MAILTO=ops is kept, but no mail is sent; alerts tell people\n"+
		"   4  logrotate  create  @weekly            /usr/sbin/logrotate /etc/l.conf\n"+
		"   7  sync       create  */10 8-18 * * 1-5  /opt/sync --fast | tee /tmp/log\n",
		"3 created\n")
	posted := s.asked("POST")
	if len(posted) != 3 {
		t.Fatalf("%d jobs created", len(posted))
	}
	want := `{"name":"sync","schedule":"*/10 8-18 * * 1-5","timezone":"Europe/Berlin","dst_policy":"once","misfire":"skip",` +
		`"handler_name":"exec","payload":{"shell":"/opt/sync --fast | tee /tmp/log","shell_path":"/bin/bash",` +
		`"env":{"HOME":"/home/ann","LOGNAME":"ann","MAILTO":"ops","PATH":"/usr/bin:/bin","SHELL":"/bin/bash","USER":"ann"},` +
		`"dir":"/home/ann","stdin":"line one\nline two\n","clean_env":true},"max_retries":0,"timeout_ms":0,"concurrency":1000,` +
		`"overlap":"allow","on_lost":"fail","tags":["crontab","legacy"],` +
		`"metadata":{"crontab":{"source":"*/10 8-18 * * 1-5 /opt/sync --fast | tee /tmp/log%line one%line two"},"mailto":"ops"}}`
	if got := posted[2].Body; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// imported turns what was posted into the jobs that the daemon then has.
func imported(t *testing.T, posted []call) []job.Job {
	t.Helper()
	var jobs []job.Job
	for i, c := range posted {
		j := backup()
		j.ID = id(byte(i + 1))
		if err := json.Unmarshal([]byte(c.Body), &j); err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, j)
	}
	return jobs
}

func TestCrontabImportTwice(t *testing.T) {
	t.Parallel()
	first := newStub(t)
	first.on("GET /jobs", http.StatusOK, []job.Job{})
	first.on("POST /jobs/cron", http.StatusCreated, backup())
	text := sampleCrontab + "0 0 * * * /opt/sync\n0 0 * * * /opt/sync\n"
	first.runIn(crontabWorld(text), "crontab", "import", "-").check(t, exitOK, "", "5 created")
	jobs := imported(t, first.asked("POST"))
	if jobs[3].Name != "sync-2" || jobs[4].Name != "sync-3" {
		t.Errorf("names %s, %s", jobs[3].Name, jobs[4].Name)
	}

	again := newStub(t)
	again.on("GET /jobs", http.StatusOK, jobs)
	again.on("PATCH /jobs/{id}", http.StatusOK, backup())
	again.on("POST /jobs/cron", http.StatusCreated, backup())
	again.runIn(crontabWorld(text), "crontab", "import", "-").check(t, exitOK, "", "5 unchanged")
	// Lines move, one changes its schedule, one is new.
	changed := "# new first line\n" + strings.Replace(text, "15 1 * * *   /opt/backup.sh", "15 3 * * * /opt/backup.sh", 1) + "5 5 * * * /opt/new\n"
	again.runIn(crontabWorld(changed), "crontab", "import", "-").check(t, exitOK, "", "1 created, 1 updated, 4 unchanged")
	patched := again.asked("PATCH")
	if len(patched) != 1 || !strings.HasSuffix(patched[0].Path, id(1).String()) || !strings.Contains(patched[0].Body, `"schedule":"15 3 * * *"`) {
		t.Errorf("patched %+v", patched)
	}
	if strings.Contains(patched[0].Body, "max_retries") || strings.Contains(patched[0].Body, "tags") {
		t.Errorf("the operator's settings are overwritten: %s", patched[0].Body)
	}
	// The other half of the lines changes nothing for those that stay.
	again.runIn(crontabWorld("MAILTO=ops\nSHELL=/bin/bash\n0 0 * * * /opt/sync\n"), "crontab", "import", "-").check(t, exitOK, "", "1 unchanged")
}

func TestCrontabImportRefuses(t *testing.T) {
	t.Parallel()
	text := sampleCrontab + "0 0 */2 * 1 /opt/odd.sh\n@reboot /opt/boot\n"
	s := newStub(t)
	s.on("GET /jobs", http.StatusOK, []job.Job{})
	s.on("POST /jobs/cron", http.StatusCreated, backup())
	r := s.runIn(crontabWorld(text), "crontab", "import", "-")
	r.check(t, exitFailed, "", "3 would be created, 2 need attention (lines 8, 9)", "nothing was imported", "--skip-refused")
	for _, want := range []string{"cron runs this only when BOTH day fields match", "@reboot runs at boot"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("stdout lacks %q: %s", want, r.out)
		}
	}
	s.runIn(crontabWorld(text), "crontab", "import", "-", "--dry-run").check(t, exitFailed, "", "3 would be created, 2 need attention (lines 8, 9)")
	s.runIn(crontabWorld(text), "crontab", "import", "-", "--dry-run", "--skip-refused").check(t, exitOK, "")
	if n := len(s.asked("POST")); n != 0 {
		t.Fatalf("%d jobs were created", n)
	}
	s.runIn(crontabWorld(text), "crontab", "import", "-", "--skip-refused").check(t, exitOK, "", "3 created, 2 need attention (lines 8, 9)")
	if n := len(s.asked("POST")); n != 3 {
		t.Errorf("%d jobs were created", n)
	}
}

func TestCrontabImportStopsAtAFailure(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /jobs", http.StatusOK, []job.Job{})
	n := 0
	s.handle("POST /jobs/cron", func(w http.ResponseWriter, _ *http.Request) {
		if n++; n == 2 {
			reply(w, http.StatusForbidden, refusal(job.Forbidden, "commands are for admins"))
			return
		}
		reply(w, http.StatusCreated, backup())
	})
	s.runIn(crontabWorld(sampleCrontab), "crontab", "import", "-").check(t, exitForbidden, "", "1 created, 1 failed, 1 not imported", "error: commands are for admins")
}

func TestCrontabImportZonesAndUsers(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	s.on("GET /jobs", http.StatusOK, []job.Job{})
	names := func(w world, args ...string) string {
		r := s.runIn(w, append([]string{"crontab", "import", "-", "--dry-run", "-o", "json"}, args...)...)
		var list struct{ Items []importLine }
		if err := json.Unmarshal([]byte(r.out), &list); err != nil {
			t.Fatalf("%v: %s%s", err, r.out, r.err)
		}
		var out []string
		for _, l := range list.Items {
			out = append(out, l.Name+" "+l.Timezone+" "+l.Problem)
		}
		return strings.Join(out, "\n")
	}
	if got, want := names(crontabWorld("0 1 * * * a\nCRON_TZ=Asia/Tokyo\n0 1 * * * b\nCRON_TZ=Mars/Base\n0 1 * * * c")),
		"a Europe/Berlin \nb Asia/Tokyo \nc Mars/Base CRON_TZ=Mars/Base is no time zone known here"; got != want {
		t.Errorf("got %s", got)
	}
	if got := names(crontabWorld("0 1 * * * a"), "--timezone", "UTC", "--prefix", "old-"); got != "old-a UTC " {
		t.Errorf("got %s", got)
	}
	w := crontabWorld("0 1 * * * a")
	w.links, w.files = nil, map[string]string{"/etc/timezone": "Asia/Kolkata\n"}
	if got := names(w); got != "a Asia/Kolkata " {
		t.Errorf("got %s", got)
	}
	system := names(crontabWorld("0 1 * * * root /x/a\n0 1 * * * ann /x/b"), "--system-format")
	if !strings.HasPrefix(system, "a Europe/Berlin it runs as root;") || !strings.HasSuffix(system, "\nb Europe/Berlin ") {
		t.Errorf("got %s", system)
	}
	if got := names(crontabWorld("LD_PRELOAD=/x.so\n0 1 * * * a")); !strings.Contains(got, "LD_PRELOAD") {
		t.Errorf("got %s", got)
	}
}

func TestCrontabImportWithoutDaemon(t *testing.T) {
	t.Parallel()
	w := crontabWorld(sampleCrontab)
	w.env = map[string]string{"SCHEDCTL_SERVER": "/nonexistent/s"}
	runIn(t, w, "crontab", "import", "-", "--dry-run").check(t, exitOK, "", "not reachable", "3 would be created")
	runIn(t, w, "crontab", "import", "-").check(t, exitUnreachable, "-")
	runIn(t, w, "crontab", "import", "/nonexistent/crontab").check(t, exitUsage, "-", "no such file")
}

func TestCrontabCheck(t *testing.T) {
	t.Parallel()
	w := world{files: map[string]string{
		"good": "0 1 * * * /bin/true\n", "bad": "# x\n61 * * * * /bin/true\n0 1 1 * 1 /bin/true\nnonsense\n",
		"/etc/cron.d/x": "0 1 * * * root /bin/true\n",
	}}
	runIn(t, w, "crontab", "check", "good").check(t, exitOK, "-", "1 line in good, all can be taken over")
	runIn(t, w, "crontab", "check", "/etc/cron.d/x").check(t, exitOK, "-")
	runIn(t, w, "crontab", "check", "bad").check(t, exitFailed, ""+
		"bad:2: error: minute: 61 is outside 0-59\n"+
		"bad:3: warning: runs when either day field matches, as with cron\n"+
		"bad:4: error: 1 of 5 time fields\n"+
		"  hint: a line is five fields and a command, a macro and a command, or NAME=value\n",
		"2 of 3 lines in bad need attention")
	if r := runIn(t, w, "crontab", "check", "bad", "-o", "json"); !strings.Contains(r.out, `"line": 2`) {
		t.Errorf("got %s", r.out)
	}
}
