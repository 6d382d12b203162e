package main

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
)

// badRow is one row of the table of bad input: what is sent or typed, and what it gets.
type badRow struct {
	n       int
	input   string
	changed string // why it gets another answer than was specified at first; "" = it gets that one
	tries   []try
}

// try is one input of a row with its answer.
type try struct {
	input  string
	send   func(s *badSite) reply
	status int    // of HTTP, or the exit status
	fields string // the fields at fault, in the order of the answer
	says   string // part of the message, the hint or the code
	writes bool   // it is accepted, and may change what is stored
}

// reply is what came back.
type reply struct {
	status       int
	fields, text string
	err          error // the exchange itself failed
}

// badRows is the table. Each group has its file.
func badRows() []badRow {
	return slices.Concat(badBodies(), badSchedules(), badFields(), badStates(), badCommands(), badConfigs())
}

// TestBadInput sends every bad input to a real schedd, over its socket and through
// schedctl: each gets the answer that the table says, never a 5xx or a stack, and
// nothing is written.
func TestBadInput(t *testing.T) {
	t.Parallel()
	rows := badRows()
	s := newBadSite(t)
	tries := 0
	for i, row := range rows {
		if row.n != i+1 {
			t.Fatalf("row %d of the table is B%d", i+1, row.n)
		}
		if len(row.tries) == 0 {
			t.Errorf("B%d tries nothing", row.n)
		}
		for _, try := range row.tries {
			tries++
			s.judge(row, try)
		}
	}
	if len(rows) != 94 {
		t.Errorf("the table has %d rows, want 94", len(rows))
	}
	if log := s.logged(); strings.Contains(log, "panicked") || strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("schedd logged an error of its own:\n%s", log)
	}
	t.Logf("accept: %d rows, %d bad inputs, each with its answer", len(rows), tries)
}

// judge makes one try.
func (s *badSite) judge(row badRow, try try) {
	s.t.Helper()
	before := s.count()
	got := try.send(s)
	fault := ""
	switch {
	case got.err != nil:
		fault = got.err.Error()
	case got.status != try.status:
		fault = fmt.Sprintf("status %d, want %d", got.status, try.status)
	case got.fields != try.fields:
		fault = fmt.Sprintf("fields at fault %q, want %q", got.fields, try.fields)
	case !strings.Contains(got.text, try.says):
		fault = fmt.Sprintf("it does not say %q", try.says)
	case strings.Contains(got.text, "goroutine ") || strings.Contains(got.text, "panic:"):
		fault = "it shows a stack"
	}
	if try.writes {
		s.until("what was started is over", func() bool { return s.local("ps", "-o", "name").out == "naps/1\n" })
	} else if after := s.count(); fault == "" && after != before {
		fault = fmt.Sprintf("something was written:\nbefore %s\nafter  %s", before, after)
	}
	if fault != "" {
		s.t.Errorf("B%d %s: %.200s\n\t%s\n\t%.600s", row.n, row.input, try.input, fault, strings.TrimSpace(got.text))
	}
}

// badSite is a schedd with jobs in every state.
type badSite struct {
	*site

	tables []string // of the store
	db     *sql.DB
	token  string // an operator of platform web
	http   *http.Client
}

func newBadSite(t *testing.T) *badSite {
	s := &badSite{site: newSite(t)}
	s.configure("http: "+s.address, "request_rate: 5", "request_burst: 100")
	s.write(s.config, s.read("schedd.yaml")+badHandlers)
	s.bootstrap()
	s.start()
	s.http = overSocket(s.file("s"))
	t.Cleanup(s.http.CloseIdleConnections)
	for _, words := range []string{
		"job create cron target -s @yearly --max-retries 0 --handler noop",
		"job create cron halted -s @yearly --handler noop --disabled",
		"job create cron ended -s @yearly --handler noop", "job cancel ended --yes",
		"job create once single --in 900d --handler noop",
		"job create cron fails -s @yearly --max-retries 0 -- false",
		"job create cron naps -s @yearly --overlap skip -- sleep 600",
		"run target --wait", "run naps",
		"token create ci --role operator --platform web --out ci.token",
		"job create cron foreign -s @yearly --handler noop --platform web",
	} {
		s.want(s.local(strings.Fields(words)...), 0)
	}
	s.want(s.local("run", "fails", "--wait"), 10)
	s.until("naps runs", func() bool { return strings.Contains(s.local("ps", "-o", "name").out, "naps/1") })
	s.token = strings.TrimSpace(s.read("ci.token"))
	s.open()
	return s
}

// overSocket is a client of the daemon behind a socket.
func overSocket(path string) *http.Client {
	return &http.Client{Timeout: patience, Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}}
}

// badHandlers are declared beside those of every site.
const badHandlers = `    - {name: noop, argv: [/bin/true]}
    - {name: dump, argv: [/bin/echo, '{{payload.db}}'], params: [{name: db, pattern: '[a-z]{1,8}'}]}
`

func (s *badSite) read(name string) string {
	text, err := os.ReadFile(s.file(name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// open reads the database beside the daemon.
func (s *badSite) open() {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+s.file("data/schedd.db")+"?mode=ro")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = db.Close() })
	s.db = db
	rows, err := db.QueryContext(s.t.Context(), "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	// What the daemon does by itself says nothing about what it was sent.
	own := []string{"duties", "outbox", "sessions", "claims", "counter_deltas", "counters", "epochs", "failure_patterns", "rollups", "event_state"}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			s.t.Fatal(err)
		}
		if !slices.Contains(own, name) {
			s.tables = append(s.tables, name)
		}
	}
	if err := rows.Err(); err != nil || len(s.tables) < 10 {
		s.t.Fatalf("tables %v: %v", s.tables, err)
	}
}

// count says how many rows each table has, and how often a job was changed.
func (s *badSite) count() string {
	s.t.Helper()
	parts := make([]string, 0, len(s.tables)+1)
	for _, table := range s.tables {
		parts = append(parts, `(SELECT '`+table+`=' || count(*) FROM "`+table+`")`)
	}
	parts = append(parts, "(SELECT 'revisions=' || sum(revision) FROM jobs)")
	var counts string
	if err := s.db.QueryRowContext(s.t.Context(), "SELECT "+strings.Join(parts, " || ' ' || ")).Scan(&counts); err != nil {
		s.t.Fatal(err)
	}
	return counts
}
