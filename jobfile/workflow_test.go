package jobfile

import (
	"strings"
	"testing"
)

func TestParseWorkflow(t *testing.T) {
	t.Parallel()
	w := ParseWorkflow("w.yaml", []byte(`name: etl
timeout: 1h
steps:
  - name: extract
    command: [/usr/bin/extract, --day, today]
    timeout: 90s
    max_retries: 2
    retry_delay: 5s
  - name: load
    needs: [extract]
    for_each: ${steps.extract.result.files}
    max_parallel: 4
    handler: http
    payload: {url: "https://x/${item}"}
result: ${steps.load.result}
`))
	if len(w.Problems) != 0 {
		t.Fatalf("problems: %v", w.Problems)
	}
	s := w.Steps[0]
	if w.Name != "etl" || *w.TimeoutMS != 3_600_000 || s.HandlerName != "exec" || string(s.Payload) != `{"command":["/usr/bin/extract","--day","today"]}` || *s.TimeoutMS != 90_000 || *s.RetryDelayMS != 5_000 {
		t.Errorf("got %+v", w.WorkflowInput)
	}
	if s := w.Steps[1]; s.HandlerName != "http" || s.MaxParallel != 4 || string(s.ForEach) != `"${steps.extract.result.files}"` {
		t.Errorf("got %+v", s)
	}
}

func TestWorkflowProblemsHavePlaces(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"name: w\nsteps:\n  - name: a\n    handler: h\n    neds: [b]\n":                                   `w.yaml:5:5: unknown field "neds" (did you mean "needs"?)`,
		"name: w\nsteps:\n  - name: a\n    handler: h\n    needs: [b]\n":                                  `w.yaml:5:13: steps[0].needs[0]: there is no step "b"`,
		"name: w\nsteps:\n  - {name: a, handler: h, needs: [b]}\n  - {name: b, handler: h, needs: [a]}\n": "in a circle",
		"name: w\nsteps:\n  - name: a\n    handler: h\n    timeout: soon\n":                               `w.yaml:5:14: timeout: expected a duration`,
		"name: w\nsteps:\n  - name: a\n    handler: h\n    max_retries: many\n":                           `w.yaml:5:18: steps[0].max_retries: "many" is not what it takes`,
		"- a\n":                 "expected one workflow",
		"name: w\nsteps: [1]\n": "w.yaml:2:9: steps[0]: expected keys and values",
		"name: w\nsteps:\n  - {name: a, handler: h, command: [x]}\n": "command: goes not together",
	} {
		w := ParseWorkflow("w.yaml", []byte(text))
		if got := w.Problems.Error(); !strings.Contains(got, want) {
			t.Errorf("%s\ngot  %s\nwant %s", text, got, want)
		}
	}
}
