package chaos

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// behaviour is what a handler of the workload does: "ok", "fail", "flaky" (fails
// until its third attempt) or "crash" (kills its daemon at its first attempt), after
// so many milliseconds.
func succeeds(do string, attempt int) bool { return do != "fail" && (do != "flaky" || attempt > 2) }

// command is a handler that schedd starts: witness FILE DO MILLISECONDS. It returns its
// exit status.
func command(args []string) int {
	ms, _ := strconv.Atoi(args[2])
	attempt, _ := strconv.Atoi(os.Getenv("SCHEDD_ATTEMPT"))
	token, _ := strconv.ParseInt(os.Getenv("SCHEDD_FENCING_TOKEN"), 10, 64)
	slot, _ := time.Parse(time.RFC3339, os.Getenv("SCHEDD_SCHEDULED_AT"))
	f, err := os.OpenFile(args[0], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 3
	}
	m := Mark{
		Kind: "start", Execution: os.Getenv("SCHEDD_EXECUTION_ID"), Job: os.Getenv("SCHEDD_JOB_NAME"), Platform: os.Getenv("SCHEDD_PLATFORM"),
		Slot: slot, Attempt: attempt, Token: token, Exec: true,
	}
	if testify(f, &m) != nil {
		return 3
	}
	if args[1] == "crash" && attempt == 1 || args[1] == "poison" {
		_ = syscall.Kill(daemonAbove(), syscall.SIGKILL)
	}
	<-time.After(time.Duration(ms) * time.Millisecond)
	m.Kind, m.OK = "end", succeeds(args[1], attempt)
	if testify(f, &m) != nil {
		return 3
	}
	if !m.OK {
		return 1
	}
	return 0
}

// daemonAbove finds the schedd that this command descends from; 0 kills the command's
// own group.
func daemonAbove() int {
	for pid := os.Getppid(); pid > 1; {
		text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
		if args := bytes.Split(text, []byte{0}); len(args) > 1 && string(args[1]) == "serve" {
			return pid
		}
		stat, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		_, rest, _ := bytes.Cut(stat, []byte(") "))
		fields := bytes.Fields(rest)
		if len(fields) < 2 {
			return 0
		}
		pid, _ = strconv.Atoi(string(fields[1]))
	}
	return 0
}

// testify writes one durable line.
func testify(f *os.File, m *Mark) error {
	m.At = time.Now().UTC()
	text, err := json.Marshal(line{Mark: m})
	if err == nil {
		_, err = f.Write(append(text, '\n'))
	}
	if err == nil {
		err = f.Sync()
	}
	return err
}

// witness is the HTTP side: what http handlers call, outside of the daemons.
type witness struct {
	t    *testing.T
	mu   sync.Mutex
	file *os.File
	url  string
	srv  *http.Server
}

func newWitness(t *testing.T, file string) *witness {
	t.Helper()
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &witness{t: t, file: f, url: "http://" + l.Addr().String()}
	w.srv = &http.Server{Handler: w, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = w.srv.Serve(l) }()
	t.Cleanup(func() {
		_ = w.srv.Close()
		_ = f.Close()
	})
	return w
}

func (w *witness) port() int {
	_, port, _ := strings.Cut(strings.TrimPrefix(w.url, "http://"), ":")
	n, _ := strconv.Atoi(port)
	return n
}

// ServeHTTP answers POST /platform/job?do=…&ms=….
func (w *witness) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	attempt, _ := strconv.Atoi(r.Header.Get("X-Schedd-Attempt"))
	token, _ := strconv.ParseInt(r.Header.Get("X-Schedd-Fencing-Token"), 10, 64)
	slot, _ := time.Parse(time.RFC3339, r.Header.Get("X-Schedd-Scheduled-At"))
	ms, _ := strconv.Atoi(r.URL.Query().Get("ms"))
	m := Mark{
		Kind: "start", Execution: r.Header.Get("X-Schedd-Execution-Id"), Job: path.Base(r.URL.Path), Platform: path.Base(path.Dir(r.URL.Path)),
		Slot: slot, Attempt: attempt, Token: token,
	}
	w.say(&m)
	select {
	case <-time.After(time.Duration(ms) * time.Millisecond):
	case <-r.Context().Done():
		m.Kind = "gone"
		w.say(&m)
		return
	}
	m.Kind, m.OK = "end", succeeds(r.URL.Query().Get("do"), attempt)
	w.say(&m)
	if !m.OK {
		out.WriteHeader(http.StatusInternalServerError)
	}
}

func (w *witness) say(m *Mark) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := testify(w.file, m); err != nil {
		w.t.Errorf("the witness cannot write: %v", err)
	}
}
