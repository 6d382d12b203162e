package crontab

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Exported is a job to be written as a line.
type Exported struct {
	Name     string
	Schedule string
	Timezone string
	Payload  json.RawMessage // of the exec handler
	Source   string          // the line that it was imported from; "" = none
}

// Line is what became of a job.
type Line struct {
	Name    string
	Text    string // "" = it cannot be written
	Problem string // why
}

// Export writes jobs as a crontab for an account whose lines are in that zone. A job is
// written when cron, or an import, would make of its line what the job is: each line is
// read again and compared. A crontab cannot take an assignment back, so lines that need
// fewer variables come first.
func Export(jobs []Exported, a Account, zone string) (text string, lines []Line) {
	w := &exporter{account: a, zone: zone, env: map[string]string{}}
	prepared := make([]payload, len(jobs))
	order := make([]int, len(jobs))
	for i := range jobs {
		order[i] = i
		prepared[i] = w.read(&jobs[i])
	}
	slices.SortStableFunc(order, func(x, y int) int { return len(prepared[x].vars) - len(prepared[y].vars) })
	lines = make([]Line, len(jobs))
	for _, i := range order {
		lines[i] = Line{Name: jobs[i].Name}
		lines[i].Text, lines[i].Problem = w.write(&jobs[i], &prepared[i])
	}
	return w.out.String(), lines
}

// exporter writes a crontab from top to bottom.
type exporter struct {
	account Account
	zone    string
	out     strings.Builder
	env     map[string]string // assigned so far
}

// payload is what a job runs, in words of a crontab.
type payload struct {
	Payload
	vars  map[string]string // assignments that the line needs
	fault string
}

// read takes a payload apart.
func (w *exporter) read(j *Exported) payload {
	var p payload
	var raw struct {
		Payload
		Command []string `json:"command"`
	}
	dec := json.NewDecoder(strings.NewReader(string(j.Payload)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&raw); err != nil {
		p.fault = "its payload has what no crontab can say"
		return p
	}
	p.Payload = raw.Payload
	if len(raw.Command) > 0 {
		p.Shell, p.CleanEnv = shellWords(raw.Command), true
	}
	if p.Env == nil {
		p.Env = map[string]string{}
	}
	p.vars = maps.Clone(p.Env)
	for name, value := range map[string]string{"SHELL": DefaultShell, "PATH": DefaultPath, "HOME": w.account.Home} {
		if p.vars[name] == value || p.vars[name] == "" {
			delete(p.vars, name)
		}
	}
	delete(p.vars, "LOGNAME")
	delete(p.vars, "USER")
	if _, has := p.vars["CRON_TZ"]; !has && j.Timezone != w.zone {
		p.vars["CRON_TZ"] = j.Timezone
	}
	return p
}

// write appends a line with the assignments that it needs.
func (w *exporter) write(j *Exported, p *payload) (line, problem string) {
	if p.fault != "" {
		return "", p.fault
	}
	for name := range w.env {
		if _, wanted := p.vars[name]; !wanted && !resettable[name] {
			return "", fmt.Sprintf("it must not see %s, which a line above it needs, and a crontab cannot take an assignment back", name)
		}
	}
	assignments := w.assignments(p)
	env := maps.Clone(w.env)
	var above strings.Builder
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if _, again := assignments[name]; !again {
			above.WriteString(assign1(name, env[name]))
		}
	}
	var fresh strings.Builder
	for _, name := range slices.Sorted(maps.Keys(assignments)) {
		fresh.WriteString(assign1(name, assignments[name]))
	}
	for _, line := range []string{j.Source, j.Schedule + " " + escapePercent(p.Shell) + stdinOf(p.Stdin)} {
		if line == "" {
			continue
		}
		if problem = w.differs(above.String()+fresh.String()+line+"\n", j, p); problem == "" {
			w.out.WriteString(fresh.String() + line + "\n")
			maps.Copy(w.env, assignments)
			return line, ""
		}
	}
	return "", problem
}

// resettable are variables that have a value without an assignment: they are given it
// again.
var resettable = map[string]bool{"SHELL": true, "PATH": true, "HOME": true}

// assignments are what must be assigned before a line.
func (w *exporter) assignments(p *payload) map[string]string {
	out := map[string]string{}
	for name, value := range p.vars {
		if had, ok := w.env[name]; !ok || had != value {
			out[name] = value
		}
	}
	for name, value := range map[string]string{"SHELL": DefaultShell, "PATH": DefaultPath, "HOME": w.account.Home} {
		if had, assigned := w.env[name]; assigned && had != value && p.vars[name] == "" {
			out[name] = value
		}
	}
	return out
}

// differs reads a crontab that ends with the line, and says in what that is not the job.
func (w *exporter) differs(text string, j *Exported, p *payload) string {
	f := Parse(text, Options{})
	if len(f.Entries) == 0 {
		return "it cannot be written as a line"
	}
	e := f.Entries[len(f.Entries)-1]
	got := e.Payload(w.account)
	switch {
	case e.Problem != "":
		return e.Problem
	case e.Schedule != j.Schedule:
		return fmt.Sprintf("cron does not know the schedule %s", j.Schedule)
	case got.Shell != p.Shell:
		return "its command cannot be written on one line"
	case got.Stdin != p.Stdin:
		return "its standard input cannot be written on one line"
	case p.Dir != "" && got.Dir != p.Dir:
		return fmt.Sprintf("it runs in %s; cron runs everything in $HOME", p.Dir)
	case p.ShellPath != "" && got.ShellPath != p.ShellPath:
		return fmt.Sprintf("its shell is %s, and its variable SHELL is not", p.ShellPath)
	}
	for name, value := range p.Env {
		if had := got.Env[name]; had != value {
			return fmt.Sprintf("cron would give it another %s", name)
		}
	}
	if len(f.Entries) != 1 {
		return "its command cannot be written on one line"
	}
	return ""
}

// assign1 is one assignment, in quotes so that blanks stay.
func assign1(name, value string) string {
	quote := `"`
	if strings.Contains(value, quote) {
		quote = "'"
	}
	return name + "=" + quote + value + quote + "\n"
}

// escapePercent keeps percent signs from ending the command.
func escapePercent(text string) string { return strings.ReplaceAll(text, "%", `\%`) }

// stdinOf writes what the command reads behind a percent sign.
func stdinOf(text string) string {
	if text == "" {
		return ""
	}
	return "%" + strings.ReplaceAll(escapePercent(strings.TrimSuffix(text, "\n")), "\n", "%")
}

// shellWords quotes arguments so that a shell sees them as they are.
func shellWords(argv []string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:=@,+", r)
	}
	out := make([]string, len(argv))
	for i, arg := range argv {
		if arg != "" && !strings.ContainsFunc(arg, func(r rune) bool { return !plain(r) }) {
			out[i] = arg
		} else {
			out[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
	}
	return strings.Join(out, " ")
}
