package jobfile

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/agentic-sdlc/scheduler/job"
)

// Bad input B72: what each broken file gets. %s is the file.
func TestProblems(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 40) + strings.Repeat("]", 40)
	tests := []struct {
		name, file, text string
		want             []string
	}{
		{"empty", "f.yaml", "", []string{"f.yaml:1:1: is empty: it holds no job"}},
		{"blanks", "f.json", " \n\t", []string{"f.json:1:1: is empty: it holds no job"}},
		{"too large", "f.yaml", strings.Repeat("#", MaxFile+1), []string{"f.yaml: is larger than 1048576 bytes; split it"}},
		{"not UTF-8", "f.yaml", "name: a\nb: \xff", []string{"f.yaml:2:4: is not UTF-8 text"}},
		{"NUL", "f.yaml", "name: a\x00", []string{"f.yaml:1:8: holds a NUL byte: not a text file"}},
		{"scalar", "f.yaml", "hello", []string{"f.yaml:1:1: expected a job, which is keys and values, got a text"}},
		{"list of texts", "f.yaml", "- a\n- b", []string{"f.yaml:1:3: expected a job, which is keys and values, got a text", "f.yaml:2:3: expected a job, which is keys and values, got a text"}},
		{"unquoted schedule", "f.yaml", "schedule: * * * * *", []string{"f.yaml:1:1: this is not YAML: did not find expected alphabetic or numeric character; quote a text that starts with *, &, @, % or `, such as a schedule"}},
		{"unquoted macro", "f.yaml", "schedule: @daily", []string{"f.yaml:1:1: this is not YAML: found character that cannot start any token; quote a text that starts with *, &, @, % or `, such as a schedule"}},
		{"alias bomb", "f.yaml", "a: &a [x]\nb: [*a, *a]", []string{
			"f.yaml:1:1: unknown field \"a\"", "f.yaml:1:1: type: is required: cron, one_time, recurring, event", "f.yaml:1:1: name: is required", "f.yaml:1:1: handler_name: is required",
			"f.yaml:1:4: anchors (&a) are not allowed; quote a text that starts with &", "f.yaml:2:1: unknown field \"b\"",
			"f.yaml:2:5: aliases (*a) are not allowed; quote a text that starts with *", "f.yaml:2:9: aliases (*a) are not allowed; quote a text that starts with *",
		}},
		{"trailing comma", "f.json", `{"name": "a",}`, []string{"f.json:1:13: this is not JSON: invalid character '}' looking for beginning of object key string"}},
		{"cut off", "f.json", "{\n  \"name\": \"a\"", []string{"f.json:2:14: this is not JSON: it ends too early"}},
		{"too deep", "f.json", deep, []string{"f.json:1:33: is nested deeper than 32 levels"}},
		{"good but for its fields", "f.yaml", good("Name: b\nretires: 3\nname: c\nnext_run: x\nin: 5m\nzz: 1"), []string{
			`f.yaml:5:1: unknown field "Name": fields are in lower case (did you mean "name"?)`,
			`f.yaml:6:1: unknown field "retires" (did you mean "max_retries"?)`,
			`f.yaml:7:1: "name" is given twice: first on line 1`,
			`f.yaml:8:1: field "next_run" is set by the server and has no place in a job file; "schedctl job export" writes files without it`,
			`f.yaml:9:1: field "in" counts from now, so that applying again would move it; give execute_at`,
			`f.yaml:10:1: unknown field "zz"`,
		}},
		{"values of the wrong kind", "f.yaml", good("timezone: 5\nmax_retries: many\nenabled: maybe\ntags: a\npayload: []\ntimeout: 5\nend_date: tomorrow\npriority: ~"), []string{
			"f.yaml:5:11: timezone: expected a text, got 5 (quote it)",
			`f.yaml:6:14: max_retries: expected a whole number, got "many"`,
			`f.yaml:7:10: enabled: expected true or false, got "maybe"`,
			`f.yaml:8:7: tags: expected a list of texts, got "a"`,
			"f.yaml:9:10: payload: expected keys and values, got a list",
			`f.yaml:10:10: timeout: expected a duration such as "90s" or "1h30m", got 5`,
			`f.yaml:11:11: end_date: expected a time in RFC 3339 with its offset, such as 2026-11-22T17:30:00Z, got "tomorrow"`,
			"f.yaml:12:11: priority: must not be null; leave it out for the default",
		}},
		{"values out of range", "f.yaml", good("max_retries: 101\npriority: hihg\ntags: [a, b c, a]\ntimeout: 5ms\njitter: 2w"), []string{
			"f.yaml:5:14: max_retries: 101 is outside 0 to 100",
			`f.yaml:6:11: priority: "hihg" is not one of low, medium, high, critical; did you mean "high"?`,
			`f.yaml:7:11: tags[1]: "b c" may hold only letters, digits and . _ - : / @ = +`,
			`f.yaml:7:16: tags[2]: "a" appears twice`,
			"f.yaml:8:10: timeout_ms: 5 is outside 100 to 31622400000",
			"f.yaml:9:9: jitter_ms: 1209600000 is outside 0 to 86400000",
		}},
		{"no such zone", "f.yaml", good("timezone: Mars/Base"), []string{`f.yaml:5:11: timezone: `}},
		{"hour 25", "f.yaml", strings.Replace(good(""), "@daily", "0 25 * * MON", 1), []string{"f.yaml:3:11: schedule: hour: 25 is outside 0–23 (at 3)"}},
		{"never", "f.yaml", strings.Replace(good(""), "@daily", "0 0 30 2 *", 1), []string{"f.yaml:3:11: schedule: "}},
		{"two things to run", "f.yaml", good("url: http://x"), []string{"f.yaml:5:1: url: goes not together with command"}},
		{"another handler", "f.yaml", good("handler_name: http"), []string{"f.yaml:4:10: command: is for the handler exec, not for http"}},
		{"twice the same", "f.yaml", good("timeout: 5m\ntimeout_ms: 5"), []string{"f.yaml:5:10: timeout: give timeout or timeout_ms, not both"}},
		{"command twice", "f.yaml", good("payload: {command: [x]}"), []string{"f.yaml:4:10: command: stands in the payload too"}},
		{"type", "f.yaml", strings.Replace(good(""), "type: cron", "type: evnt", 1), []string{`f.yaml:2:7: type: "evnt" is not one of cron, one_time, recurring, event; did you mean "event"?`}},
		{"the server's mark", "f.yaml", good("metadata: {schedd.applied_by: me}"), []string{`f.yaml:5:11: metadata: the member "schedd.applied_by" is written by the server`}},
		{"one name twice", "f.yaml", good("") + "---\n" + good(""), []string{`f.yaml:7:7: name: "a" is defined twice: first at f.yaml:1:1`}},
		{"infinite", "f.yaml", good("payload: {x: .inf}"), []string{"f.yaml:5:14: .inf is no number that JSON can hold; quote it if it is a text"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			set := Parse(tt.file, []byte(tt.text))
			set.Check(job.StandardDefaults())
			var got []string
			for i, p := range set.Problems {
				line := p.String()
				if i < len(tt.want) && strings.HasSuffix(tt.want[i], ": ") && strings.HasPrefix(line, tt.want[i]) {
					line = tt.want[i] // the words are those of package schedule
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("problems differ (-want +got):\n%s", diff)
			}
		})
	}
}

// good is a job with more lines.
func good(more string) string {
	return "name: a\ntype: cron\nschedule: \"@daily\"\ncommand: [/bin/true]\n" + more + "\n"
}

// The same jobs in every form that a file may have.
func TestForms(t *testing.T) {
	t.Parallel()
	a := `{"type":"cron","name":"a","schedule":"*/5 * * * *","handler_name":"exec","payload":{"command":["/bin/x","--n","1"]},"timeout_ms":90000}`
	b := `{"type":"one_time","name":"b","execute_at":"2026-11-22T17:30:00Z","handler_name":"h","payload":{"n":1,"deep":{"on":true,"x":null}}}`
	yamlA := "type: cron\nname: a\nschedule: '*/5 * * * *'\ncommand: [/bin/x, --n, '1']\ntimeout: 1m30s\n"
	yamlB := "type: one_time\nname: b\nexecute_at: 2026-11-22T17:30:00Z\nhandler_name: h\npayload: {n: 1, deep: {on: true, x: null}}\n"
	indent := func(s string) string { return "- " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n  ") + "\n" }
	for name, tt := range map[string]struct{ file, text string }{
		"documents of YAML":      {"f.yaml", yamlA + "---\n" + yamlB},
		"list of YAML":           {"f.yml", indent(yamlA) + indent(yamlB)},
		"lists and documents":    {"stdin", indent(yamlA) + "---\n# nothing\n---\n" + yamlB},
		"list of JSON":           {"f.json", "[" + a + ",\n" + b + "]"},
		"values of JSON":         {"f.json", a + "\n" + b},
		"JSON on standard input": {"stdin", "[\n\t" + a + ",\n\t" + b + "]"},
		"YAML in braces":         {"stdin", "{type: cron, name: a, schedule: '*/5 * * * *', command: [/bin/x, --n, '1'], timeout: 90s}\n---\n" + yamlB},
		"byte order mark":        {"f.yaml", "\ufeff" + yamlA + "---\n" + yamlB},
		"lines of Windows":       {"f.yaml", strings.ReplaceAll(yamlA+"---\n"+yamlB, "\n", "\r\n")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := Parse(tt.file, []byte(tt.text))
			set.Check(job.StandardDefaults())
			if len(set.Problems) > 0 {
				t.Fatalf("problems: %v", set.Problems)
			}
			var got []string
			for _, def := range set.Definitions() {
				text, _ := json.Marshal(def)
				got = append(got, canonical(t, string(text)))
			}
			if diff := cmp.Diff([]string{canonical(t, a), canonical(t, b)}, got); diff != "" {
				t.Errorf("jobs differ (-want +got):\n%s", diff)
			}
		})
	}
}

func canonical(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	out, _ := json.Marshal(v)
	return string(out)
}

// What a server says of a field is found in the file, however it was written.
func TestBlame(t *testing.T) {
	t.Parallel()
	set := Parse("f.yaml", []byte(good("")+"---\n"+strings.Replace(good("tags: [x, y]\ntimeout: 5m"), "name: a", "name: b", 1)))
	for field, want := range map[string]string{
		"jobs[1]":                    "f.yaml:7:1: no",
		"jobs[1].name":               "f.yaml:7:7: name: no",
		"jobs[1].tags[1]":            "f.yaml:11:11: tags[1]: no",
		"jobs[1].tags":               "f.yaml:11:7: tags: no",
		"jobs[1].timeout_ms":         "f.yaml:12:10: timeout_ms: no",
		"jobs[1].handler_name":       "f.yaml:10:10: handler_name: no",
		"jobs[1].payload.command[0]": "f.yaml:10:11: payload.command[0]: no",
		"jobs[0].payload.shell.x":    "f.yaml:4:10: payload.shell.x: no",
		"jobs[0].nothing":            "f.yaml:1:1: nothing: no",
	} {
		got, ok := set.Blame([]job.FieldError{{Field: field, Code: "x", Message: "no"}})
		if !ok || got[0].String() != want {
			t.Errorf("Blame(%s) = %v, %t; want %s", field, got, ok, want)
		}
	}
	for _, field := range []string{"prune", "jobs[2].name", "jobs"} {
		if got, ok := set.Blame([]job.FieldError{{Field: field, Message: "no"}}); ok {
			t.Errorf("Blame(%s) = %v, want none", field, got)
		}
	}
}

func TestExcerpt(t *testing.T) {
	t.Parallel()
	text := "a: 1\n\n  b: 2\n"
	for at, want := range map[Position]string{
		{Line: 1, Column: 4}: "  1 | a: 1\n    |    ^",
		{Line: 3, Column: 3}: "  3 |   b: 2\n    |   ^",
		{Line: 9, Column: 1}: "",
		{}:                   "",
	} {
		if got := Excerpt(text, at); got != want {
			t.Errorf("Excerpt(%v) =\n%s\nwant\n%s", at, got, want)
		}
	}
}

// FuzzParse: no text breaks the reader, and what it takes without a problem can be
// written and read again as the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{good(""), "[" + good("") + "]", `{"name":"a"}`, "- name: a\n  type: one_time\n  execute_at: 2026-01-01T00:00:00Z\n  handler_name: h\n  payload: {a: [1, 0x1f, 1e3, 'é', \"\\u0085\", true, ~]}", "a: &b [*b]", "? [x]\n: y", "<<: 1", "!!x 1", "\ufeff{", "{\"a\":1}{", "a: 0o17\nb: 1_000\nc: .nan"} {
		f.Add("f.yaml", seed)
		f.Add("f.json", seed)
		f.Add("stdin", seed)
	}
	f.Fuzz(func(t *testing.T, file, text string) {
		set := Parse(file, []byte(text))
		set.Check(job.StandardDefaults())
		for _, p := range set.Problems {
			if p.Message == "" || p.Line < 0 || p.Column < 0 {
				t.Errorf("a problem says nothing: %+v", p)
			}
			_ = Excerpt(text, p.Position)
		}
		if len(set.Problems) > 0 || len(set.Jobs) == 0 {
			return
		}
		out, err := Marshal(set.Definitions())
		if err != nil {
			t.Fatal(err)
		}
		again := Parse("again.yaml", out)
		again.Check(job.StandardDefaults())
		if len(again.Problems) > 0 {
			t.Fatalf("what was written has problems: %v\n%s", again.Problems, out)
		}
		if want, got := raws(t, set), raws(t, again); want != got {
			t.Errorf("read again as\n%s\nwant\n%s\nfile:\n%s", got, want, out)
		}
	})
}

func raws(t *testing.T, set *Set) string {
	t.Helper()
	raw, err := json.Marshal(set.Definitions())
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
