package crontab

import (
	"fmt"
	"strings"
)

// Options say what kind of crontab it is.
type Options struct {
	// System crontabs (/etc/crontab, /etc/cron.d) have a user between the schedule
	// and the command.
	System bool
}

// Var is an assignment.
type Var struct {
	Name, Value string
}

// Entry is a line that is meant to run something.
type Entry struct {
	Line     int    // counted from 1
	Source   string // the line without blanks around it
	Schedule string // five fields with one blank between them, or a macro
	User     string // of system crontabs
	Command  string // what the shell gets
	Stdin    string // what the command reads, "" = nothing
	Env      []Var  // assignments in force, in order of their first appearance
	Problem  string // why it cannot be taken over; "" = it can
	Hint     string // what to do about the problem
	Notes    []string
}

// Lookup returns the value of an assignment that is in force.
func (e *Entry) Lookup(name string) (string, bool) {
	for _, v := range e.Env {
		if v.Name == name {
			return v.Value, true
		}
	}
	return "", false
}

// refuse notes why the line cannot be taken over; the first reason stays.
func (e *Entry) refuse(hint, format string, args ...any) {
	if e.Problem == "" {
		e.Problem, e.Hint = fmt.Sprintf(format, args...), hint
	}
}

// note adds a remark.
func (e *Entry) note(format string, args ...any) {
	e.Notes = append(e.Notes, fmt.Sprintf(format, args...))
}

// File is a crontab.
type File struct {
	Entries []Entry
}

// Parse reads a crontab. It never fails as a whole.
func Parse(text string, o Options) File {
	var f File
	var env []Var
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimLeft(line, " \t")
		trimmed := strings.TrimRight(line, " \t\r")
		if trimmed == "" || trimmed[0] == '#' {
			continue
		}
		if v, ok := assignment(strings.TrimRight(line, "\r")); ok {
			env = assign(env, v)
			continue
		}
		e := Entry{Line: i + 1, Source: trimmed, Env: append([]Var(nil), env...)}
		if strings.HasSuffix(line, "\r") {
			e.refuse("convert the file, for example with dos2unix", "the line ends in a carriage return, which cron hands to the command")
		}
		e.parse(line, o)
		var before Entry
		if len(f.Entries) > 0 {
			before = f.Entries[len(f.Entries)-1]
		}
		e.remarks(&before, o)
		f.Entries = append(f.Entries, e)
	}
	return f
}

// assign sets a variable; it keeps the place that it had.
func assign(env []Var, v Var) []Var {
	env = append([]Var(nil), env...)
	for i := range env {
		if env[i].Name == v.Name {
			env[i] = v
			return env
		}
	}
	return append(env, v)
}

// parse reads schedule, user and command.
func (e *Entry) parse(line string, o Options) {
	line = strings.TrimSuffix(line, "\r")
	fields := 5
	if line[0] == '@' {
		fields = 1
	}
	words, rest := cut(line, fields)
	e.Schedule = strings.Join(words, " ")
	if len(words) < fields {
		e.refuse("a line is five fields and a command, a macro and a command, or NAME=value", "%d of 5 time fields", len(words))
		return
	}
	e.checkSchedule(words)
	if o.System {
		words, rest = cut(rest, 1)
		if len(words) > 0 {
			e.User = words[0]
		}
	}
	command, stdin := percent(rest)
	e.Command, e.Stdin = command, stdin
	if strings.TrimSpace(command) == "" {
		e.refuse("", "there is no command")
	}
}

// cut takes n words off a line; the rest starts with what follows the blanks.
func cut(line string, n int) (words []string, rest string) {
	rest = strings.TrimLeft(line, " \t")
	for len(words) < n && rest != "" {
		end := strings.IndexAny(rest, " \t")
		if end < 0 {
			end = len(rest)
		}
		words = append(words, rest[:end])
		rest = strings.TrimLeft(rest[end:], " \t")
	}
	return words, rest
}

// percent splits what follows the schedule at the first percent sign without a
// backslash. Further ones are line breaks of the standard input, which always ends
// in one; a backslash before a percent sign goes, any other stays.
func percent(text string) (command, stdin string) {
	command, input, found := unescape(text, true)
	if !found {
		return command, ""
	}
	stdin, _, _ = unescape(input, false)
	if stdin != "" && !strings.HasSuffix(stdin, "\n") {
		stdin += "\n"
	}
	return command, stdin
}

// unescape resolves \%; a bare percent sign ends the text, or becomes a line break.
func unescape(text string, stop bool) (out, rest string, stopped bool) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text) && text[i+1] == '%':
			b.WriteByte('%')
			i++
		case text[i] == '%' && stop:
			return b.String(), text[i+1:], true
		case text[i] == '%':
			b.WriteByte('\n')
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String(), "", false
}

// remarks notes what works, but perhaps not as somebody thinks. What is so for the line
// before, too, is said there.
func (e *Entry) remarks(before *Entry, o Options) {
	assigned := func(name string) (value string, anew bool) {
		value, ok := e.Lookup(name)
		old, had := before.Lookup(name)
		return value, ok && (!had || old != value)
	}
	if to, anew := assigned("MAILTO"); anew && to != "" {
		e.note("MAILTO=%s is kept, but no mail is sent; alerts tell people", to)
	}
	if zone, anew := assigned("TZ"); anew {
		e.note("TZ=%s is for the command only, as with cron", zone)
	}
	if _, anew := assigned("RANDOM_DELAY"); anew {
		e.note("RANDOM_DELAY is not taken over; see --jitter")
	}
	first, _, _ := strings.Cut(e.Command, " ")
	if !o.System && (first == "root" || first == "www-data" || first == "nobody") {
		e.note("%q looks like the user of a system crontab; is --system-format missing?", first)
	}
}
