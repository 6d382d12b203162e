package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestClean(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in, want string
	}{
		{"plain", "nightly-backup 1.5%", "nightly-backup 1.5%"},
		{"title of the window", "\x1b]0;pwn\x07", `\x1b]0;pwn\x07`},
		{"clear", "\x1b[2Jx", `\x1b[2Jx`},
		{"C1", "a\u009b31mb", `a\x9b31mb`},
		{"bidi", "a\u202eb", `a\u202eb`},
		{"isolate", "a\u2066b", `a\u2066b`},
		{"zero width", "a\u200bb", `a\u200bb`},
		{"tag", "a\U000e0041b", `a\U000e0041b`},
		{"lines", "a\nb\r\n", "a⏎b"},
		{"tab", "a\tb", "a b"},
		{"invalid UTF-8", "a\xffb", `a\xffb`},
		{"wide and accented stay", "日本 é", "日本 é"},
		{"DEL", "a\x7fb", `a\x7fb`},
		{"soft hyphen", "a\u00adb", `a\xadb`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Clean(tt.in); got != tt.want {
				t.Errorf("Clean(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
	if got, want := CleanLine("a\tb\x1b[0m\n"), "a\tb\\x1b[0m"; got != want {
		t.Errorf("CleanLine = %q, want %q", got, want)
	}
}

func table(rows int) *Table {
	t := NewTable("NAME", "STATUS", ">RUNS", "~ERROR")
	for i := range rows {
		t.Add(Text(fmt.Sprintf("job-%d", i)), Cell{"✗ failed", Red}, Text(fmt.Sprint(i*100)), Text("exit status 2: 日本"))
	}
	return t
}

func TestTable(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		look Look
		want string
	}{
		{"plain", Look{}, "" +
			"NAME   STATUS    RUNS  ERROR\n" +
			"job-0  ✗ failed     0  exit status 2: 日本\n" +
			"job-1  ✗ failed   100  exit status 2: 日本\n"},
		{"no headers", Look{NoHeaders: true}, "" +
			"job-0  ✗ failed    0  exit status 2: 日本\n" +
			"job-1  ✗ failed  100  exit status 2: 日本\n"},
		{"narrow", Look{Width: 34}, "" +
			"NAME   STATUS    RUNS  ERROR\n" +
			"job-0  ✗ failed     0  exit statu…\n" +
			"job-1  ✗ failed   100  exit statu…\n"},
		{"absurdly narrow", Look{Width: 1}, "N\nj\nj\n"},
		{"colour", Look{Color: true, NoHeaders: true}, "" +
			"job-0  \x1b[31m✗ failed\x1b[0m    0  exit status 2: 日本\n" +
			"job-1  \x1b[31m✗ failed\x1b[0m  100  exit status 2: 日本\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			if _, err := table(2).Write(&got, tt.look); err != nil {
				t.Fatal(err)
			}
			if got.String() != tt.want {
				t.Errorf("got\n%swant\n%s", got.String(), tt.want)
			}
		})
	}
}

// Above plainRows the library is not used; nobody should see the difference.
func TestManyRowsLookTheSame(t *testing.T) {
	t.Parallel()
	for _, look := range []Look{{}, {NoHeaders: true}} {
		big := table(plainRows)
		var library, own bytes.Buffer
		if _, err := big.Write(&library, look); err != nil {
			t.Fatal(err)
		}
		header := []string{"NAME", "STATUS", "RUNS", "ERROR"}
		if look.NoHeaders {
			header = nil
		}
		var lines bytes.Buffer
		big.lines(&lines, header, big.texts(look))
		if err := writeTrimmed(&own, lines.Bytes()); err != nil {
			t.Fatal(err)
		}
		if library.String() != own.String() {
			t.Errorf("%+v: the two ways differ:\n%s\n%s", look, library.String()[:300], own.String()[:300])
		}
	}
}

func TestHostileCells(t *testing.T) {
	t.Parallel()
	tb := NewTable("NAME")
	tb.AddText("\x1b]0;pwn\x07")
	tb.AddText("%s%n")
	tb.AddText("--help")
	tb.AddText("a\nb")
	var got bytes.Buffer
	if _, err := tb.Write(&got, Look{Color: true}); err != nil {
		t.Fatal(err)
	}
	if want := "NAME\n\\x1b]0;pwn\\x07\n%s%n\n--help\na⏎b\n"; got.String() != want {
		t.Errorf("got %q, want %q", got.String(), want)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestFailingWriterIsNoticed(t *testing.T) {
	t.Parallel()
	if _, err := table(1).Write(failing{}, Look{}); err == nil {
		t.Error("table: no error")
	}
	if err := JSON(failing{}, 1); err == nil {
		t.Error("JSON: no error")
	}
	if err := YAML(failing{}, 1); err == nil {
		t.Error("YAML: no error")
	}
}

func TestStructuredFormatsEscapeAndKeepValues(t *testing.T) {
	t.Parallel()
	value := map[string]any{
		"hostile": "\x1b]0;pwn\x07 \u009b \u202e \U000e0041 \u200b \u2028",
		"html":    "<a&b>",
		"lines":   "a\nb\n",
		"emoji":   "😀",
		"escaped": "\U0001f600",
		"number":  "0123",
		"bool":    "yes",
		"when":    "2026-01-01",
		"empty":   []any{},
		"nested":  map[string]any{"n": 1.5, "null": nil},
	}
	raw := json.RawMessage(`{"s":"\ud83d\ude00 \u202e","n":12345678901234567890,"big":1e400,"list":[1,"",{}]}`)
	if err := YAML(io.Discard, raw); err != nil {
		t.Errorf("raw JSON: %v", err)
	}
	var js, ym bytes.Buffer
	if err := JSON(&js, value); err != nil {
		t.Fatal(err)
	}
	if err := YAML(&ym, value); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"JSON": js.String(), "YAML": ym.String()} {
		if i := strings.IndexFunc(text, func(r rune) bool { return hostile(r) && r != '\n' }); i >= 0 {
			t.Errorf("%s has a raw %q: %s", name, text[i:i+4], text)
		}
	}
	var fromJSON, fromYAML map[string]any
	if err := json.Unmarshal(js.Bytes(), &fromJSON); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(ym.Bytes(), &fromYAML); err != nil {
		t.Fatalf("%v in\n%s", err, ym.String())
	}
	if !reflect.DeepEqual(fromJSON, value) {
		t.Errorf("JSON changed values: %q", fromJSON)
	}
	if !reflect.DeepEqual(fromYAML, value) {
		t.Errorf("YAML changed values: %q\n%s", fromYAML, ym.String())
	}
}
