package workflow

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/agentic-sdlc/scheduler/job"
)

// Single is the item of a step that does not fan out.
const Single = -1

// Run is one execution of one step, for one item of its list.
type Run struct {
	Step   string
	Item   int // Single = the step has no list
	Round  int // of the workflow: one more with each of its retries
	Status job.Status
	Result json.RawMessage
	Error  string
}

// Values are what expressions speak of, beside the steps: input, execution.
type Values map[string]any

// Evaluator evaluates what a definition says about its steps. Its errors are for people.
type Evaluator interface {
	When(s *Step, env Values) (bool, error)
	Items(s *Step, env Values) ([]any, error)
	Payload(s *Step, env Values) (json.RawMessage, error)
	Result(d *Definition, env Values) (json.RawMessage, error)
}

// StepStatus is where a step of a run stands: that of an execution, or Waiting.
type StepStatus string

// Waiting is the status of a step whose turn has not come.
const Waiting StepStatus = "waiting"

// Start is an execution that shall be made.
type Start struct {
	Step    string
	Item    int
	Payload json.RawMessage
}

// Decision is what comes next in a run of a workflow.
type Decision struct {
	Steps map[string]StepStatus // of each step
	Start []Start
	Done  bool            // every step is over
	Value json.RawMessage // of what is done
	// Failed says why the workflow fails, "" = it does not; Permanent, that trying again
	// would not help.
	Failed    string
	Permanent bool
}

// advance is the state of one Advance.
type advance struct {
	d     *Definition
	eval  Evaluator
	round int
	runs  map[string]map[int]*Run
	env   Values
	steps map[string]any // of env
	out   Decision
}

// Advance decides what comes next, given the executions of steps that there are. What
// succeeded in an earlier round is not repeated in this one.
func (d *Definition) Advance(values Values, round int, runs []Run, eval Evaluator) Decision {
	a := advance{d: d, eval: eval, round: round, runs: map[string]map[int]*Run{}, env: Values{}, steps: map[string]any{}}
	a.out.Steps = map[string]StepStatus{}
	for name, value := range values {
		a.env[name] = value
	}
	a.env["steps"] = a.steps
	for i := range runs {
		a.add(&runs[i])
	}
	done := true
	for _, s := range d.Order() {
		if !a.step(s) {
			done = false
		}
		if a.out.Failed != "" {
			a.out.Start = nil
			return a.out
		}
	}
	if a.out.Done = done; done {
		a.finish()
	}
	return a.out
}

// add notes an execution, unless it belongs to a round gone by and did not succeed.
func (a *advance) add(r *Run) {
	if r.Round != a.round && r.Status != job.Success {
		return
	}
	items := a.runs[r.Step]
	if items == nil {
		items = map[int]*Run{}
		a.runs[r.Step] = items
	}
	if had := items[r.Item]; had == nil || had.Status != job.Success {
		items[r.Item] = r
	}
}

// step decides over one step whose needs come before it, and reports whether it is over.
func (a *advance) step(s *Step) bool {
	for _, need := range s.Needs {
		if _, over := a.steps[need]; !over {
			a.out.Steps[s.Name] = Waiting
			return false
		}
	}
	if s.When != "" {
		holds, err := a.eval.When(s, a.env)
		if err != nil {
			return a.over(s, job.Failed, nil, "when: "+err.Error(), true)
		}
		if !holds {
			return a.over(s, job.Skipped, nil, "", false)
		}
	}
	if s.Fans() {
		return a.fan(s)
	}
	run := a.runs[s.Name][Single]
	switch {
	case run == nil:
		return a.start(s, Single, a.env)
	case !run.Status.Terminal():
		a.out.Steps[s.Name] = StepStatus(run.Status)
		return false
	}
	return a.over(s, run.Status, value(run.Result), run.Error, false)
}

// fan decides over a step that runs once for each item.
func (a *advance) fan(s *Step) bool {
	items, err := a.eval.Items(s, a.env)
	if err == nil && len(items) > MaxItems {
		err = fmt.Errorf("gives %d items; at most %d are allowed", len(items), MaxItems)
	}
	if err != nil {
		return a.over(s, job.Failed, nil, "for_each: "+err.Error(), true)
	}
	live, missing, results, fault := 0, []int(nil), make([]any, len(items)), ""
	for i := range items {
		switch run := a.runs[s.Name][i]; {
		case run == nil:
			missing = append(missing, i)
		case !run.Status.Terminal():
			live++
		case run.Status == job.Success:
			results[i] = value(run.Result)
		case fault == "":
			fault = fmt.Sprintf("item %d: %s", i, orStatus(run))
		}
	}
	if fault != "" && (s.fails() || live+len(missing) == 0) {
		return a.over(s, job.Failed, results, fault, false)
	}
	if live+len(missing) == 0 {
		return a.over(s, job.Success, results, "", false)
	}
	a.out.Steps[s.Name] = StepStatus(job.Running)
	most := s.MaxParallel
	if most == 0 {
		most = MaxParallel
	}
	for _, i := range missing {
		if live++; live > most {
			break
		}
		env := Values{"item": items[i], "index": i}
		for name, v := range a.env {
			env[name] = v
		}
		if over := a.start(s, i, env); over {
			return true
		}
	}
	return false
}

// start makes an execution; true when the step is over instead, for its payload cannot
// be made.
func (a *advance) start(s *Step, item int, env Values) bool {
	payload, err := a.eval.Payload(s, env)
	if err == nil && len(payload) > job.MaxPayload {
		err = fmt.Errorf("has %d bytes; at most %d are allowed", len(payload), job.MaxPayload)
	}
	if err != nil {
		return a.over(s, job.Failed, nil, "payload: "+err.Error(), true)
	}
	a.out.Steps[s.Name] = StepStatus(job.Running)
	a.out.Start = append(a.out.Start, Start{Step: s.Name, Item: item, Payload: payload})
	return false
}

// over notes how a step ended; it is always true.
func (a *advance) over(s *Step, status job.Status, result any, fault string, permanent bool) bool {
	a.out.Steps[s.Name] = StepStatus(status)
	about := map[string]any{"status": string(status), "result": result, "error": nil}
	if fault != "" {
		about["error"] = fault
	}
	a.steps[s.Name] = about
	if status != job.Success && status != job.Skipped && s.fails() {
		if fault == "" {
			fault = string(status)
		}
		a.out.Failed, a.out.Permanent = fmt.Sprintf("step %q: %s", s.Name, fault), permanent
	}
	return true
}

// finish makes the result of a workflow whose steps are all over.
func (a *advance) finish() {
	if a.d.Result == nil {
		a.out.Value, _ = json.Marshal(map[string]any{"steps": a.out.Steps})
		return
	}
	value, err := a.eval.Result(a.d, a.env)
	if err != nil {
		a.out.Failed, a.out.Permanent = "result: "+err.Error(), true
		return
	}
	a.out.Value = value
}

// Order returns the steps, each after those that it needs.
func (d *Definition) Order() []*Step {
	order := make([]*Step, 0, len(d.Steps))
	seen := map[string]bool{}
	var add func(s *Step)
	add = func(s *Step) {
		if s == nil || seen[s.Name] {
			return
		}
		seen[s.Name] = true
		for _, need := range s.Needs {
			add(d.Step(need))
		}
		order = append(order, s)
	}
	for i := range d.Steps {
		add(&d.Steps[i])
	}
	return order
}

// fails reports whether the failure of the step fails the workflow.
func (s *Step) fails() bool { return s.OnFailure != Continue }

func orStatus(r *Run) string {
	if r.Error != "" {
		return r.Error
	}
	return string(r.Status)
}

// value reads a result; nil when there is none.
func value(raw json.RawMessage) any {
	v, _ := job.Value(raw)
	return v
}

// ErrNoList says that for_each did not give a list.
var ErrNoList = errors.New("does not give a list")
