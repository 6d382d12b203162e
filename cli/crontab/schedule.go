package crontab

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/agentic-sdlc/scheduler/schedule"
)

var macros = []string{"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"}

// fieldDef is a time field as cron knows it.
type fieldDef struct {
	name     string
	min, max int
	names    []string // of min, min+1 …
}

var fieldDefs = []fieldDef{
	{"minute", 0, 59, nil},
	{"hour", 0, 23, nil},
	{"day of month", 1, 31, nil},
	{"month", 1, 12, []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
	{"day of week", 0, 7, []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}

// checkSchedule refuses what cron does not take, what schedd does not take, and
// what the two would run at different instants.
func (e *Entry) checkSchedule(words []string) {
	if words[0][0] == '@' {
		e.checkMacro(words[0])
		return
	}
	var sets [5]uint64
	for i, def := range fieldDefs {
		set, err := def.parse(words[i])
		if err != nil {
			e.refuse("", "%s: %v", def.name, err)
			return
		}
		sets[i] = set
	}
	e.checkDays(words[2], words[4], sets[2], sets[4])
	if _, err := schedule.New(schedule.Spec{Expr: e.Schedule}); err != nil {
		hint := ""
		if se, ok := errors.AsType[*schedule.Error](err); ok {
			hint = se.Hint
		}
		e.refuse(hint, "%v", err)
	}
}

func (e *Entry) checkMacro(word string) {
	lower := strings.ToLower(word)
	switch {
	case lower == "@reboot":
		e.refuse("a systemd unit, or an event of the boot, is the place for it", "@reboot runs at boot; schedd has no such schedule")
	case !slices.Contains(macros, lower):
		e.refuse("cron knows "+strings.Join(macros, ", "), "%s is nothing that cron knows", word)
	case word != lower:
		e.Schedule = lower
	}
}

// checkDays compares the rule for the two day fields. To cron a field that starts
// with "*" is open, and with an open field both must match; to schedd only "*"
// itself is open. They agree unless a field such as "*/2" meets a restricted one.
func (e *Entry) checkDays(dom, dow string, domSet, dowSet uint64) {
	openToCron := dom[0] == '*' || dow[0] == '*'
	openToUs := dom == "*" || dow == "*"
	if openToUs {
		return
	}
	everyDay := bits.OnesCount64(domSet) == 31 && dowSet&0x7f == 0x7f
	if openToCron && !everyDay {
		e.refuse("write one of them as *, or split the line by days",
			"cron runs this only when BOTH day fields match, schedd when either does")
		return
	}
	e.note("runs when either day field matches, as with cron")
}

// parse reads one field and returns its values. Sunday is 0.
func (d fieldDef) parse(text string) (uint64, error) {
	var set uint64
	for item := range strings.SplitSeq(text, ",") {
		part, err := d.item(item)
		if err != nil {
			return 0, err
		}
		set |= part
	}
	if d.max == 7 && set&(1<<7) != 0 {
		set |= 1
	}
	return set, nil
}

// item reads "*", "*/n", "a", "a-b" or "a-b/n".
func (d fieldDef) item(text string) (uint64, error) {
	head, stepText, stepped := strings.Cut(text, "/")
	lo, hi := d.min, d.max
	if head != "*" {
		from, to, isRange := strings.Cut(head, "-")
		var err error
		if lo, err = d.value(from); err != nil {
			return 0, err
		}
		if hi = lo; isRange {
			if hi, err = d.value(to); err != nil {
				return 0, err
			}
		}
		switch {
		case stepped && !isRange:
			return 0, fmt.Errorf("cron takes %q for %q; write %s-%d/%s, or only %s", text, head, head, d.last(), stepText, head)
		case lo > hi:
			return 0, fmt.Errorf("%q runs backwards, and cron never runs it", text)
		}
	}
	step := 1
	if stepped {
		n, err := number(stepText)
		if err != nil || n == 0 {
			return 0, fmt.Errorf("%q has no step that cron takes", text)
		}
		step = n
	}
	var set uint64
	for v := lo; v <= hi; v += step {
		set |= 1 << v
	}
	return set, nil
}

func (d fieldDef) last() int {
	if d.max == 7 {
		return 6
	}
	return d.max
}

// value reads a number or a name.
func (d fieldDef) value(text string) (int, error) {
	if i := slices.Index(d.names, strings.ToLower(text)); i >= 0 {
		return i + d.min, nil
	}
	n, err := number(text)
	if err != nil {
		return 0, fmt.Errorf("%q is nothing that cron takes", text)
	}
	if n < d.min || n > d.max {
		return 0, fmt.Errorf("%d is outside %d-%d", n, d.min, d.max)
	}
	return n, nil
}

// number reads ASCII digits and nothing else.
func number(text string) (int, error) {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, strconv.ErrSyntax
		}
	}
	return strconv.Atoi(text)
}
