package openapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
)

// host stands in URLs; requests go over the socket.
const host = "http://schedd"

// schedd is a daemon of the test's own, and what its description says of it.
type schedd struct {
	t        *testing.T
	http     *http.Client
	peer     *peer // whom it calls
	validate validator.Validator
	paths    map[string]map[string]json.RawMessage // pattern, method
	answered map[string]bool                       // "METHOD pattern", with the status of a success
}

// start runs the daemon that SCHEDD names on a socket in a temporary folder.
func start(t *testing.T) *schedd {
	t.Helper()
	program := os.Getenv("SCHEDD")
	if program == "" {
		t.Fatal("SCHEDD must name the program; scripts/openapi.sh does it all")
	}
	dir, err := os.MkdirTemp("", "openapi") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket, config := filepath.Join(dir, "s"), filepath.Join(dir, "schedd.yaml")
	other := newPeer(t)
	text := fmt.Sprintf("data_dir: %s/data\nlisten:\n  socket: %s\nlog:\n  level: error\nalerts: {evaluate_every: 1s}\nhandlers:\n  http: {allow_private: [127.0.0.0/8], allow_ports: [%d]}\n",
		dir, socket, other.Listener.Addr().(*net.TCPAddr).Port)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	daemon := exec.Command(program, "serve", "--config", config)
	var log bytes.Buffer
	daemon.Stdout, daemon.Stderr = &log, &log
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- daemon.Wait() }()
	t.Cleanup(func() {
		_ = daemon.Process.Signal(syscall.SIGTERM)
		<-ended
		if t.Failed() {
			t.Logf("schedd: %s", log.Bytes())
		}
	})
	s := &schedd{t: t, peer: other, answered: map[string]bool{}, http: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}}
	s.until("the daemon answers", func() bool {
		resp, err := s.http.Get(host + "/livez")
		if err != nil {
			select {
			case err := <-ended:
				ended <- err
				t.Fatalf("schedd ended: %v: %s", err, log.Bytes())
			default:
			}
			return false
		}
		return resp.Body.Close() == nil
	})
	s.read()
	return s
}

// until waits for a condition.
func (s *schedd) until(what string, holds func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("waited too long: %s", what)
		}
	}
}

// read takes the description that is served, and judges it as a document.
func (s *schedd) read() {
	s.t.Helper()
	resp, err := s.http.Get(host + "/openapi.json")
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("openapi.json: %d, %v", resp.StatusCode, err)
	}
	kept, err := os.ReadFile("../../docs/api/openapi.json")
	if err != nil || !bytes.Equal(kept, text) {
		s.t.Errorf("what is served is not docs/api/openapi.json (%v)", err)
	}
	doc, err := libopenapi.NewDocument(text)
	if err != nil {
		s.t.Fatal(err)
	}
	v, errs := validator.NewValidator(doc)
	if len(errs) > 0 {
		s.t.Fatal(errs)
	}
	if ok, faults := v.ValidateDocument(); !ok {
		for _, f := range faults {
			s.t.Errorf("the document: %s: %s", f.Message, f.Reason)
		}
	}
	var plain struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(text, &plain); err != nil {
		s.t.Fatal(err)
	}
	s.validate, s.paths = v, plain.Paths
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// text is a field of the body, or of its first item; "" when it has none.
func (a *answer) text(field string) string {
	body := a.body
	var items []json.RawMessage
	if json.Unmarshal(body, &items) == nil && len(items) > 0 {
		body = items[0]
	}
	var fields map[string]any
	_ = json.Unmarshal(body, &fields)
	if fields[field] == nil {
		return ""
	}
	return fmt.Sprint(fields[field])
}

// success is the status with which an operation is answered well.
func (s *schedd) success(operation string) int {
	method, pattern, _ := strings.Cut(operation, " ")
	var says struct {
		Responses map[string]json.RawMessage `json:"responses"`
	}
	_ = json.Unmarshal(s.paths[pattern][strings.ToLower(method)], &says)
	for _, status := range []int{200, 201, 202, 204} {
		if says.Responses[fmt.Sprint(status)] != nil {
			return status
		}
	}
	s.t.Fatalf("%s has no answer for a success", operation)
	return 0
}

// ask sends a request and returns the status, whatever it is.
func (s *schedd) ask(method, path, body string) int {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, host+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := s.http.Do(r)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// do sends a request, checks the answer against the description, and the request too
// when it is answered well. pattern is the path as the description writes it.
func (s *schedd) do(want int, method, pattern, path, body string, headers ...string) *answer {
	s.t.Helper()
	request := func() *http.Request {
		var reader io.Reader
		if body != "" {
			reader = strings.NewReader(body)
		}
		r, err := http.NewRequestWithContext(s.t.Context(), method, host+path, reader)
		if err != nil {
			s.t.Fatal(err)
		}
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		for _, line := range headers {
			name, value, _ := strings.Cut(line, ": ")
			r.Header.Set(name, value)
		}
		return r
	}
	sent := request()
	resp, err := s.http.Do(sent)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	if resp.StatusCode != want {
		s.t.Fatalf("%s %s: %d, want %d: %s", method, path, resp.StatusCode, want, read)
	}
	operation, described := s.paths[pattern][strings.ToLower(method)]
	if !described {
		s.t.Errorf("%s %s is not described", method, pattern)
		return &answer{resp.StatusCode, resp.Header, read}
	}
	var says struct {
		Responses map[string]json.RawMessage `json:"responses"`
	}
	_ = json.Unmarshal(operation, &says)
	if says.Responses[fmt.Sprint(want)] == nil {
		s.t.Errorf("%s %s answers %d, which is not described", method, pattern, want)
	}
	resp.Body = io.NopCloser(bytes.NewReader(read))
	if ok, faults := s.validate.ValidateHttpResponse(request(), resp); !ok {
		s.complain("answer", method, path, read, faults)
	}
	if want < 300 {
		s.answered[method+" "+pattern] = true
		if ok, faults := s.validate.ValidateHttpRequest(request()); !ok {
			s.complain("request", method, path, []byte(body), faults)
		}
	}
	return &answer{resp.StatusCode, resp.Header, read}
}
