package workflow

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/job"
)

func parse(t *testing.T, text string) *Definition {
	t.Helper()
	d := &Definition{}
	if err := json.Unmarshal([]byte(text), d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"name":"a b","steps":[{"name":"x","handler_name":"h"}]}`: "name: must be",
		`{"name":"w"}`: "steps: is required",
		`{"name":"w","engine":{"url":"http://x"},"steps":[{"name":"x","handler_name":"h"}]}`:                                                                               "engine: goes not together",
		`{"name":"w","engine":{"url":"ftp://x"}}`:                                                                                                                          "engine.url: must be",
		`{"name":"w","steps":[{"name":"x-y","handler_name":"h"}]}`:                                                                                                         "steps[0].name:",
		`{"name":"w","steps":[{"name":"x","handler_name":"h"},{"name":"x","handler_name":"h"}]}`:                                                                           "steps[1].name: \"x\" is the name of steps[0] too",
		`{"name":"w","steps":[{"name":"x"}]}`:                                                                                                                              "steps[0].handler_name: is required",
		`{"name":"w","steps":[{"name":"x","handler_name":"h","handler_type":"workflow"}]}`:                                                                                 "steps[0].handler_type: a step cannot be a workflow",
		`{"name":"w","steps":[{"name":"extract","handler_name":"h"},{"name":"x","handler_name":"h","needs":["extrct"]}]}`:                                                  `steps[1].needs[0]: there is no step "extrct"; did you mean "extract"?`,
		`{"name":"w","steps":[{"name":"x","handler_name":"h","needs":["x"]}]}`:                                                                                             "steps[0].needs[0]: \"x\" needs itself",
		`{"name":"w","steps":[{"name":"a","handler_name":"h","needs":["c"]},{"name":"b","handler_name":"h","needs":["a"]},{"name":"c","handler_name":"h","needs":["b"]}]}`: "in a circle: a → c → b → a",
		`{"name":"w","steps":[{"name":"a","handler_name":"h"},{"name":"b","handler_name":"h","when":"steps.a.status == \"success\""}]}`:                                    `steps[1].when: speaks of the step "a", which need not be over`,
		`{"name":"w","steps":[{"name":"a","handler_name":"h","payload":{"x":"${steps.q.result}"}}]}`:                                                                       `steps[0].payload: speaks of a step "q" that there is not`,
		`{"name":"w","steps":[{"name":"a","handler_name":"h","for_each":"no"}]}`:                                                                                           "steps[0].for_each: must be a list",
		`{"name":"w","steps":[{"name":"a","handler_name":"h","max_parallel":3}]}`:                                                                                          "steps[0].max_parallel: is for a step with for_each",
		`{"name":"w","steps":[{"name":"a","handler_name":"h","on_failure":"ignore"}]}`:                                                                                     "steps[0].on_failure:",
		`{"name":"w","steps":[{"name":"a","handler_name":"h","timeout_ms":1}]}`:                                                                                            "steps[0].timeout_ms:",
		`{"name":"w","steps":[{"name":"a","handler_name":"h"}],"result":"${steps.b.result}"}`:                                                                              "result: speaks of a step",
	} {
		var lines []string
		for _, f := range parse(t, text).Validate() {
			lines = append(lines, f.Field+": "+f.Message)
		}
		if got := strings.Join(lines, "\n"); !strings.HasPrefix(got, strings.SplitN(want, ":", 2)[0]+":") || !strings.Contains(got, strings.TrimSpace(strings.SplitN(want, ":", 2)[1])) {
			if !strings.Contains(got, want) {
				t.Errorf("%s\ngot  %q\nwant %q", text, got, want)
			}
		}
	}
	good := `{"name":"w","steps":[{"name":"a","handler_name":"h"},{"name":"b","handler_name":"h","needs":["a"],"when":"steps.a.result > 1"},{"name":"c","handler_name":"h","needs":["b"],"payload":{"x":"${steps.a.result}"}}]}`
	if p := parse(t, good).Validate(); len(p) != 0 {
		t.Errorf("a good one: %v", p)
	}
}

// said evaluates conditions "true" and "false", lists and payloads as they stand.
type said struct{}

func (said) When(s *Step, _ Values) (bool, error) {
	if s.When == "broken" {
		return false, errors.New("broken")
	}
	return s.When == "true", nil
}

func (said) Items(s *Step, _ Values) (list []any, err error) {
	err = json.Unmarshal(s.ForEach, &list)
	return list, err
}

func (said) Payload(_ *Step, env Values) (json.RawMessage, error) {
	return json.RawMessage(fmt.Sprintf(`{"item":%q}`, fmt.Sprint(env["item"]))), nil
}

func (said) Result(*Definition, Values) (json.RawMessage, error) {
	return json.RawMessage(`"made"`), nil
}

// step is a short form: name, what it needs, and more members of its JSON.
func steps(list ...string) string {
	var all []string
	for _, one := range list {
		name, more, _ := strings.Cut(one, " ")
		if more != "" {
			more = "," + more
		}
		all = append(all, fmt.Sprintf(`{"name":%q,"handler_name":"h"%s}`, name, more))
	}
	return `{"name":"w","steps":[` + strings.Join(all, ",") + `]}`
}

func run(step string, item, round int, status job.Status) Run {
	return Run{Step: step, Item: item, Round: round, Status: status}
}

func started(d Decision) string {
	var names []string
	for _, s := range d.Start {
		name := s.Step
		if s.Item != Single {
			name += fmt.Sprint(s.Item)
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

func TestAdvance(t *testing.T) {
	t.Parallel()
	diamond := steps(`a`, `b "needs":["a"]`, `c "needs":["a"]`, `d "needs":["b","c"]`)
	soft := steps(`a "on_failure":"continue"`, `b "needs":["a"]`)
	fan := steps(`a`, `f "needs":["a"],"for_each":[1,2,3],"max_parallel":2`, `z "needs":["f"]`)
	tests := []struct {
		name, definition string
		round            int
		runs             []Run
		start            string
		done             bool
		failed           string
	}{
		{"begins with what needs nothing", diamond, 1, nil, "a", false, ""},
		{"waits", diamond, 1, []Run{run("a", -1, 1, job.Running)}, "", false, ""},
		{"goes on in parallel", diamond, 1, []Run{run("a", -1, 1, job.Success)}, "b c", false, ""},
		{"joins only when all are over", diamond, 1, []Run{run("a", -1, 1, job.Success), run("b", -1, 1, job.Success), run("c", -1, 1, job.Running)}, "", false, ""},
		{"joins", diamond, 1, []Run{run("a", -1, 1, job.Success), run("b", -1, 1, job.Success), run("c", -1, 1, job.Success)}, "d", false, ""},
		{"ends", diamond, 1, []Run{run("a", -1, 1, job.Success), run("b", -1, 1, job.Success), run("c", -1, 1, job.Success), run("d", -1, 1, job.Success)}, "", true, ""},
		{"fails", diamond, 1, []Run{run("a", -1, 1, job.Success), run("b", -1, 1, job.TimedOut), run("c", -1, 1, job.Running)}, "", false, `step "b": timeout`},
		{"a cancelled step fails it", diamond, 1, []Run{run("a", -1, 1, job.Cancelled)}, "", false, `step "a": cancelled`},
		{"goes on after a failure", soft, 1, []Run{run("a", -1, 1, job.Failed)}, "b", false, ""},
		{"skips", steps(`a "when":"false"`, `b "needs":["a"]`), 1, nil, "b", false, ""},
		{"all skipped is done", steps(`a "when":"false"`), 1, nil, "", true, ""},
		{"a broken condition fails it", steps(`a "when":"broken"`), 1, nil, "", false, `step "a": when: broken`},
		{"fans out, so many at once", fan, 1, []Run{run("a", -1, 1, job.Success)}, "f0 f1", false, ""},
		{"fans out further", fan, 1, []Run{run("a", -1, 1, job.Success), run("f", 0, 1, job.Success), run("f", 1, 1, job.Running)}, "f2", false, ""},
		{"fans in", fan, 1, []Run{run("a", -1, 1, job.Success), run("f", 0, 1, job.Success), run("f", 1, 1, job.Success), run("f", 2, 1, job.Success)}, "z", false, ""},
		{"one item fails the step", fan, 1, []Run{run("a", -1, 1, job.Success), run("f", 0, 1, job.Failed), run("f", 1, 1, job.Running)}, "", false, `step "f": item 0: failed`},
		{"nothing to fan out", steps(`f "for_each":[]`, `z "needs":["f"]`), 1, nil, "z", false, ""},
		{"another round repeats what failed", diamond, 2, []Run{run("a", -1, 1, job.Success), run("b", -1, 1, job.Failed), run("c", -1, 1, job.Cancelled)}, "b c", false, ""},
		{"another round repeats failed items", fan, 2, []Run{run("a", -1, 1, job.Success), run("f", 0, 1, job.Success), run("f", 1, 1, job.Failed)}, "f1 f2", false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := parse(t, tt.definition)
			got := d.Advance(Values{"input": nil}, tt.round, tt.runs, said{})
			if started(got) != tt.start || got.Done != tt.done || got.Failed != tt.failed {
				t.Errorf("got start %q, done %t, failed %q; want %q, %t, %q", started(got), got.Done, got.Failed, tt.start, tt.done, tt.failed)
			}
			if again := d.Advance(Values{"input": nil}, tt.round, tt.runs, said{}); started(again) != started(got) {
				t.Errorf("a second look starts %q", started(again))
			}
		})
	}
}

// A workflow ends whatever the order in which its steps end, and starts each once.
func TestEveryStepStartsOnce(t *testing.T) {
	t.Parallel()
	d := parse(t, steps(`a`, `b "needs":["a"]`, `c "needs":["a"],"for_each":[1,2,3,4],"max_parallel":2`, `d "needs":["b","c"]`, `e`, `f "needs":["d","e"]`))
	for seed := range 200 {
		var runs []Run
		seen := map[string]int{}
		for look := 0; ; look++ {
			if look > 100 {
				t.Fatalf("seed %d: it does not end: %+v", seed, runs)
			}
			got := d.Advance(nil, 1, runs, said{})
			if got.Done {
				break
			}
			for _, s := range got.Start {
				seen[fmt.Sprint(s.Step, s.Item)]++
				runs = append(runs, run(s.Step, s.Item, 1, job.Running))
			}
			var live []int
			for i := range runs {
				if runs[i].Status == job.Running {
					live = append(live, i)
				}
			}
			runs[live[(seed*7+look*13)%len(live)]].Status = job.Success
		}
		if len(seen) != 9 || slices.ContainsFunc([]string{"a-1", "b-1", "c0", "c1", "c2", "c3", "d-1", "e-1", "f-1"}, func(s string) bool { return seen[s] != 1 }) {
			t.Fatalf("seed %d: started %v", seed, seen)
		}
	}
}

func TestGraph(t *testing.T) {
	t.Parallel()
	d := parse(t, steps(`a`, `b "needs":["a"],"when":"input.x == \"y\""`, `end "needs":["a","b"],"for_each":[1]`))
	if got, want := d.Graph("text", map[string]StepStatus{"a": "success"}), "○ a  h  success\n└─ b  h  after a  [when input.x == \"y\"]\n   └─ end  h  after a, b  [for each]\n"; got != want {
		t.Errorf("text:\n%s\nwant\n%s", got, want)
	}
	dot := d.Graph("dot", nil)
	for _, want := range []string{`digraph "w" {`, `"a" -> "b";`, `label="b\nh\nwhen input.x == \"y\""`, `peripheries=2`} {
		if !strings.Contains(dot, want) {
			t.Errorf("dot has no %s:\n%s", want, dot)
		}
	}
	mermaid := d.Graph("mermaid", map[string]StepStatus{"a": "failed"})
	for _, want := range []string{"flowchart LR\n", "s_a --> s_b\n", `s_end[["end<br/>h<br/>for each"]]`, "style s_a fill:#ffcdd2", "#quot;y#quot;"} {
		if !strings.Contains(mermaid, want) {
			t.Errorf("mermaid has no %s:\n%s", want, mermaid)
		}
	}
}
