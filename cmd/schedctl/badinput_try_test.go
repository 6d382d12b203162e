package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
)

// call sends a request over the socket; headers are "Name: value" lines, and "Name:"
// takes one away.
func call(status int, fields, says, method, path, body string, headers ...string) try {
	return try{input: method + " " + path + " " + strings.Join(headers, " ") + " " + body, status: status, fields: fields, says: says, send: func(s *badSite) reply {
		return s.exchange(s.http, "http://schedd", method, path, body, headers)
	}}
}

// remotely sends a request over the network with the token of an operator of one platform.
func remotely(status int, fields, says, method, path, body string, headers ...string) try {
	return try{input: "with a token: " + method + " " + path + " " + body, status: status, fields: fields, says: says, send: func(s *badSite) reply {
		return s.exchange(http.DefaultClient, "http://"+s.address, method, path, body, append([]string{"Authorization: Bearer " + s.token}, headers...))
	}}
}

func (s *badSite) exchange(client *http.Client, base, method, path, body string, headers []string) reply {
	r, err := http.NewRequestWithContext(s.t.Context(), method, base, strings.NewReader(body))
	if err != nil {
		return reply{err: err}
	}
	r.URL.Opaque, r.URL.RawQuery, _ = strings.Cut(api.Prefix+path, "?") // as it is written here
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ":")
		r.Header.Del(name)
		if value = strings.TrimPrefix(value, " "); value != "" {
			r.Header.Set(name, value)
		}
	}
	resp, err := client.Do(r)
	if err != nil {
		return reply{err: err}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	got := reply{status: resp.StatusCode, text: string(text), err: err}
	var refused api.ErrorBody
	if err == nil && resp.StatusCode >= 400 {
		if err := json.Unmarshal(text, &refused); err != nil || refused.RequestID == "" || api.StatusOf(refused.Code) != resp.StatusCode && !ownStatus(resp.StatusCode) {
			got.err = fmt.Errorf("status %d with the body %.300s", resp.StatusCode, text)
		}
		names := make([]string, len(refused.Fields))
		for i, f := range refused.Fields {
			names[i] = f.Field
			refused.Hint += "\n" + f.Field + ": " + f.Message
		}
		got.fields = strings.Join(names, " ")
		got.text = fmt.Sprintf("%s\n%s\n%s", refused.Error, refused.Code, refused.Hint)
	}
	return got
}

// ownStatus reports whether a status stands beside the table of codes.
func ownStatus(status int) bool {
	return status == http.StatusMethodNotAllowed || status == http.StatusNotAcceptable || status == http.StatusRequestURITooLong
}

// typed runs schedctl on the socket.
func typed(exit int, says string, args ...string) try {
	return try{input: "schedctl " + strings.Join(args, " "), status: exit, says: says, send: func(s *badSite) reply {
		got := s.local(args...)
		return reply{status: got.status, text: got.err + got.out}
	}}
}

// shell runs a line of a shell in which schedctl talks to the socket.
func shell(exit int, says, line string) try {
	return try{input: line, status: exit, says: says, send: func(s *badSite) reply {
		got := s.run([]string{"SCHEDCTL_SERVER=unix://" + s.file("s"), "ADDRESS=" + s.address, "SOCKET=" + s.file("s")}, "sh", "-c", line)
		return reply{status: got.status, text: got.err + got.out}
	}}
}

// raw sends bytes over the socket and reads the status; the connection must be closed.
func raw(status int, says, request string) try {
	return try{input: request, status: status, says: says, send: func(s *badSite) reply {
		conn, err := net.Dial("unix", s.file("s"))
		if err != nil {
			return reply{err: err}
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience))
		go io.WriteString(conn, request) //nolint:errcheck // schedd may hang up first
		in := bufio.NewReader(conn)
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return reply{err: err}
		}
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if _, err := in.ReadByte(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			return reply{err: errors.New("the connection stays open")}
		}
		return reply{status: resp.StatusCode, text: string(text)}
	}}
}

// config checks a configuration without any side effect.
func config(exit int, says, text string) try {
	return try{input: text, status: exit, says: says, send: func(s *badSite) reply {
		dir, err := os.MkdirTemp(s.dir, "config")
		if err != nil {
			return reply{err: err}
		}
		path := filepath.Join(dir, "schedd.yaml")
		text := strings.NewReplacer("$DIR", dir, "$ADDRESS", s.address, "$SITE", s.dir).Replace(text)
		s.write(path, text)
		cmd := exec.Command("schedd", "config", "check", "--config", path)
		cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GOCOVERDIR=" + os.Getenv("GOCOVERDIR")}
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		err = cmd.Run()
		if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
			return reply{err: err}
		}
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			return reply{err: fmt.Errorf("config check made files: %v", left)}
		}
		return reply{status: cmd.ProcessState.ExitCode(), text: out.String()}
	}}
}

// written marks a try that is accepted.
func (t try) written() try {
	t.writes = true
	return t
}
