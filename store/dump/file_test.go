package dump

import (
	"bytes"
	"compress/gzip"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/job"
)

// odd are rows with values at the edges of each kind.
func odd() []Row {
	executions, logs, claims := Of("executions"), Of("logs"), Of("claims")
	run := make([]any, len(executions.Columns))
	for i := range executions.Columns {
		run[i] = executions.Columns[i].zero()
	}
	run[0], run[1], run[2] = int64(-1), int64(-1<<63), int64(1<<63-1)
	return []Row{
		{Store, []any{"", int64(1)}},
		{Of("platforms"), []any{int64(1), "a \"quoted\" <b>&é\u2028\ufffd\\ \t", "", nil, int64(0), int64(1), nil, []byte("[ ]"), nil, "", int64(3), "u", nil}},
		{Of("jobs"), append([]any{int64(9007199254740993), job.ID{0xff}, "p", "n", true, int64(0), int64(1), int64(2), "h", int64(1), []byte(" { } ")}, make20()...)},
		{executions, run},
		{claims, []any{int64(5), []int64{1, -1, 1 << 62}}},
		{logs, []any{int64(7), int64(1), int64(1), int64(0), int64(0), "stdout", "line", []byte("\xff not text")}},
		{logs, []any{int64(7), int64(2), int64(1), int64(0), int64(3), "stderr", "", []byte{}}},
		{logs, []any{int64(7), int64(3), int64(1), int64(0), int64(3), "stderr", "", nil}},
		{Outbox, []any{int64(0), []byte{0, 1, 0xff}}},
	}
}

// make20 are the columns of a job from anchor on.
func make20() []any {
	return []any{int64(-5), "s", "", "", "c", "", int64(1), int64(1), nil, int64(0), nil, int64(7), nil}
}

func written(t *testing.T, rows []Row) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := Write(&out, Header{Driver: "sqlite"}, func(yield func(Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func read(text []byte) (rows []Row, err error) {
	_, all, err := Read(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	for row, err := range all {
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func TestFileKeepsEveryValue(t *testing.T) {
	t.Parallel()
	want := odd()
	got, err := read(written(t, want))
	if err != nil || len(got) != len(want) {
		t.Fatalf("Read = %d rows, %v; want %d", len(got), err, len(want))
	}
	for i := range want {
		if !reflect.DeepEqual(want[i], got[i]) {
			t.Errorf("row %d of %s became\n%#v\nwant\n%#v", i, want[i].Table.Name, got[i].Values, want[i].Values)
		}
	}
}

// squeezed is a text as a backup keeps it.
func squeezed(t *testing.T, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestCompressedFile reads what is compressed, and finds every byte of it that is gone or
// was changed.
func TestCompressedFile(t *testing.T) {
	t.Parallel()
	file := squeezed(t, written(t, odd()))
	h, sums, err := Check(bytes.NewReader(file))
	if err != nil || h.Driver != "sqlite" || sums.Rows() != int64(len(odd())) {
		t.Fatalf("Check = %+v, %v, %v; want all rows", h, sums, err)
	}
	for i := range file {
		if _, _, err := Check(bytes.NewReader(file[:i])); job.CodeOf(err) != job.Invalid {
			t.Errorf("cut off after %d bytes: %v, want invalid", i, err)
		}
		if i >= 4 && i < 10 {
			continue // the time and the system in gzip's header mean nothing
		}
		changed := bytes.Clone(file)
		changed[i] ^= 0x10
		if _, _, err := Check(bytes.NewReader(changed)); job.CodeOf(err) != job.Invalid {
			t.Errorf("byte %d changed: %v, want invalid", i, err)
		}
	}
}

func TestTextIsCleaned(t *testing.T) {
	t.Parallel()
	text := strings.Replace(string(written(t, odd()[1:2])), `a \"quoted\"`, `\u0000`, 1)
	_, rows, err := Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for row := range rows {
		if got := row.Values[1].(string); !strings.HasPrefix(got, "\ufffd ") {
			t.Errorf("NUL became %q, want U+FFFD", got)
		}
		break
	}
}

func TestBadFiles(t *testing.T) {
	t.Parallel()
	good := string(written(t, odd()))
	edit := func(old, with string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("there is no %q to replace", old)
		}
		return strings.Replace(good, old, with, 1)
	}
	tests := []struct{ name, text, says string }{
		{"nothing", "", "not a file that schedd store export wrote"},
		{"another file", "jobs: []\n", "not a file that schedd store export wrote"},
		{"other JSON", `{"format":"other","version":1}` + "\n", "not a file that schedd store export wrote"},
		{"more after the end", good + "x", "the file was changed: it goes on after its end"},
		{"header only", good[:strings.Index(good, "\n")+1], "cut off after line 1"},
		{"last line gone", good[:strings.LastIndex(good, `{"end"`)], "cut off after line 10"},
		{"last line cut", good[:len(good)-20], "cut off after line 10"},
		{"row cut", good[:len(good)/2], "cut off"},
		{"row gone", edit(good[strings.Index(good, `{"table":"claims"`):strings.Index(good, `{"table":"logs"`)], ""), "the file was changed: claims has 0 rows, want 1"},
		{"value changed", edit(`"message":"line"`, `"message":"lime"`), "the file was changed: the rows of logs differ"},
		{"no JSON", edit(`{"table":"claims"`, `{table`), "line 6 cannot be read"},
		{"no table", edit(`"table":"claims"`, `"tabel":"claims"`), "it names no table"},
		{"unknown table", edit(`"table":"claims"`, `"table":"clams"`), `there is no table "clams"`},
		{"unknown column", edit(`"stream":"stdout"`, `"steam":"stdout"`), `logs has no column "steam"`},
		{"unknown word", edit(`"level":"debug"`, `"level":"shout"`), `logs.level: "shout" is not known`},
		{"text for a number", edit(`"next_job":1`, `"next_job":"1"`), "store.next_job: "},
		{"number for text", edit(`"stream":"stdout"`, `"stream":1`), "logs.stream: "},
		{"bad key", edit(`"data":["0000`, `"data":["zzzz`), "claims.data: "},
		{"bad id", edit(`"id":"ff`, `"id":"zz`), "jobs.id: "},
		{"bad bytes", edit(`"data":"AAH/"`, `"data":"%%"`), "outbox.data: "},
	}
	for _, tt := range tests {
		if _, err := read([]byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.says) || job.CodeOf(err) != job.Invalid {
			t.Errorf("%s: %v, want invalid: %s", tt.name, err, tt.says)
		}
	}
	_, err := read([]byte(edit(`"version":1`, `"version":9`)))
	if newer, ok := errors.AsType[*VersionError](err); !ok || *newer != (VersionError{Have: 9, Known: Version}) {
		t.Errorf("a newer file: %v, want a VersionError", err)
	}
}

func TestWrongValuesAreRefused(t *testing.T) {
	t.Parallel()
	for _, r := range []Row{
		{Store, []any{"x"}},
		{Store, []any{int64(1), int64(1)}},
		{Store, []any{"x", nil}},
		{Store, []any{"x", "1"}},
		{Of("holds"), []any{int64(99), "", int64(0), nil, nil, "", ""}},
		{Of("drains"), []any{[]byte("x"), int64(0), "", ""}},
	} {
		if err := new(Tally).Add(r); err == nil {
			t.Errorf("%s: %v was taken", r.Table.Name, r.Values)
		}
	}
}
