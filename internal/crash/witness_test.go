//go:build linux

package crash

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
)

// mark is one line of the witness file: a command started, or came to its end.
type mark struct {
	kind    string // start | end
	id      job.ID
	job     string
	slot    time.Time
	attempt int
	token   int64
	pid     int
	at      time.Time
}

// witness FILE MILLISECONDS FLAKY is a command that testifies: one durable line when
// it starts, one when it ends. A flaky one fails at its first attempt.
func witness(args []string) {
	ms, _ := strconv.Atoi(args[1])
	testify(args[0], "start")
	<-time.After(time.Duration(ms) * time.Millisecond)
	testify(args[0], "end")
	if args[2] == "true" && os.Getenv("SCHEDD_ATTEMPT") == "1" {
		os.Exit(1)
	}
}

// stubborn FILE ignores SIGTERM and goes on for a minute, but ends at once when an
// earlier attempt was cut short.
func stubborn(args []string) {
	signal.Ignore(syscall.SIGTERM)
	testify(args[0], "start")
	if os.Getenv("SCHEDD_FENCING_TOKEN") == "1" {
		<-time.After(time.Minute)
	}
	testify(args[0], "end")
}

func testify(file, kind string) {
	line := fmt.Sprintf("%s %s %s %s %s %s %d %d\n", kind, os.Getenv("SCHEDD_EXECUTION_ID"), os.Getenv("SCHEDD_JOB_NAME"),
		os.Getenv("SCHEDD_SCHEDULED_AT"), os.Getenv("SCHEDD_ATTEMPT"), os.Getenv("SCHEDD_FENCING_TOKEN"), os.Getpid(), time.Now().UnixMicro())
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(line)
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

// readMarks reads the witness file; there may be none yet.
func readMarks(t *testing.T, file string) []mark {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var marks []mark
	for line := range strings.Lines(string(text)) {
		m, err := parseMark(line)
		if err != nil {
			t.Fatalf("witness line %q: %v", line, err)
		}
		marks = append(marks, m)
	}
	return marks
}

func parseMark(line string) (m mark, err error) {
	var id, slot string
	var at int64
	if _, err = fmt.Sscan(line, &m.kind, &id, &m.job, &slot, &m.attempt, &m.token, &m.pid, &at); err != nil {
		return m, err
	}
	m.at = time.UnixMicro(at)
	if m.id, err = job.ParseID(id); err != nil {
		return m, err
	}
	m.slot, err = time.Parse(time.RFC3339, slot)
	return m, err
}

// started waits until a command of each of the jobs has testified to its start.
func started(t *testing.T, file string, jobs ...string) {
	t.Helper()
	testbed.Eventually(t, "a start of each of "+strings.Join(jobs, ", "), 20*time.Second, func() bool {
		seen := map[string]bool{}
		for _, m := range readMarks(t, file) {
			seen[m.job] = seen[m.job] || m.kind == "start"
		}
		for _, name := range jobs {
			if !seen[name] {
				return false
			}
		}
		return true
	})
}
