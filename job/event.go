package job

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// SystemPrefix begins the names of schedd's own events. Nobody else may use it.
const SystemPrefix = "scheduler:"

// EventExecutionCompleted is the event of any terminal end of an execution.
const EventExecutionCompleted = SystemPrefix + "execution.completed"

// MaxEventName is the longest name, or pattern of names, of events in bytes.
const MaxEventName = 128

// MaxConditionLen is the longest condition in bytes.
const MaxConditionLen = 1024

// After makes a job run when another one ended.
type After struct {
	Job string `json:"job"`          // name, or id, of a job of the same platform
	On  string `json:"on,omitempty"` // one of Outcomes; "" = success
}

// Outcomes are the ends of a run that After tells apart.
func Outcomes() []string { return []string{OutcomeSuccess, OutcomeFailure, OutcomeAny} }

// The outcomes. A cancelled run is a failure; a skipped one is none of them.
const (
	OutcomeSuccess = "success"
	OutcomeFailure = "failure"
	OutcomeAny     = "any"
)

// Admits reports whether a run that ended with the status makes the job run.
func (a After) Admits(status Status) bool {
	switch a.On {
	case OutcomeAny:
		return status.Terminal() && status != Skipped
	case OutcomeFailure:
		return status == Failed || status == TimedOut || status == Cancelled
	default:
		return status == Success
	}
}

// CancelOn cancels a job when an event comes whose data has exactly these values.
type CancelOn struct {
	Event string         `json:"event"` // the whole name
	Match map[string]any `json:"match"` // path within the data, with dots → text, number or boolean
}

// MaxCancelOn bounds the entries of cancel_on, and the members of match.
const MaxCancelOn = 8

// MaxAfter bounds the entries of after.
const MaxAfter = 16

// Fields returns the paths of match in one order, joined by commas.
func (c *CancelOn) Fields() string {
	return strings.Join(slices.Sorted(maps.Keys(c.Match)), ",")
}

// Key is what an event and a job have in common when the one cancels the other: the
// paths with their values, written in one way.
func (c *CancelOn) Key() string { return CorrelationKey(c.Match) }

// CorrelationKey writes paths with their values in one way.
func CorrelationKey(match map[string]any) string {
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(match)) {
		value, _ := json.Marshal(match[path]) // scalars always marshal
		fmt.Fprintf(&b, "%s=%s\n", path, value)
	}
	return b.String()
}

// EventNameFault says what is wrong with the name of an event; "" = nothing. A pattern
// may hold * (any characters) and ? (one).
func EventNameFault(name string, pattern bool) string {
	switch {
	case name == "":
		return "is required"
	case len(name) > MaxEventName:
		return fmt.Sprintf("has %d bytes; at most %d are allowed", len(name), MaxEventName)
	}
	for i, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		glob := pattern && (c == '*' || c == '?')
		if !letter && !glob && (i == 0 || !strings.ContainsRune("._:/-", rune(c))) {
			return fmt.Sprintf("%q may hold only letters, digits and . _ : / -, a letter or digit first, for example ticket:created", clip(name))
		}
	}
	return ""
}

// IsSystemEvent reports whether a name, or a pattern, is of schedd's own events.
func IsSystemEvent(name string) bool { return strings.HasPrefix(name, SystemPrefix) }

// Listens reports whether events make the job run.
func (s *Spec) Listens() bool { return s.EventName != "" || len(s.After) > 0 }

// checkEvents checks what ties a job to events.
func (s *Spec) checkEvents(p *Problems) {
	if s.Type == TypeEvent && !s.Listens() {
		p.Add("event_name", "required", "an event job needs event_name, or after")
	}
	if s.Type != TypeEvent {
		for _, f := range []struct {
			name  string
			given bool
		}{{"event_name", s.EventName != ""}, {"after", len(s.After) > 0}, {"delay_ms", s.DelayMS != 0}, {"debounce_ms", s.DebounceMS != 0}} {
			if f.given {
				p.Add(f.name, "not_allowed", "is for event jobs, not for a %s job", s.Type)
			}
		}
	}
	if s.EventName != "" {
		if fault := EventNameFault(s.EventName, true); fault != "" {
			p.Add("event_name", "pattern", "%s", fault)
		}
	}
	within(p, "delay_ms", s.DelayMS, 0, MaxDurationMS)
	s.checkExpected(p)
	within(p, "debounce_ms", s.DebounceMS, 0, MaxDurationMS)
	if s.DelayMS > 0 && s.DebounceMS > 0 {
		p.Add("debounce_ms", "contradiction", "give delay_ms or debounce_ms, not both")
	}
	if len(s.When) > MaxConditionLen {
		p.Add("when", "too_long", "has %d bytes; at most %d are allowed", len(s.When), MaxConditionLen)
	}
	checkText(p, "when", s.When)
	s.checkAfter(p)
	CheckCancelOn(p, "cancel_on", s.CancelOn)
}

func (s *Spec) checkAfter(p *Problems) {
	if len(s.After) > MaxAfter {
		p.Add("after", "too_many", "names %d jobs; at most %d are allowed", len(s.After), MaxAfter)
	}
	for i, a := range s.After {
		field := fmt.Sprintf("after[%d]", i)
		if _, err := ParseID(a.Job); err != nil && !isName(a.Job) {
			p.Add(field+".job", "pattern", "%q is not the name of a job", clip(a.Job))
		}
		if a.Job == s.Name {
			p.Add(field+".job", "cycle", "a job cannot run after itself")
		}
		if a.On != "" {
			OneOf(p, field+".on", a.On, Outcomes())
		}
	}
}

// CheckCancelOn holds entries of cancel_on against the rules.
func CheckCancelOn(p *Problems, field string, list []CancelOn) {
	if len(list) > MaxCancelOn {
		p.Add(field, "too_many", "has %d entries; at most %d are allowed", len(list), MaxCancelOn)
	}
	for i := range list {
		c, at := &list[i], fmt.Sprintf("%s[%d]", field, i)
		if fault := EventNameFault(c.Event, false); fault != "" {
			p.Add(at+".event", "pattern", "%s", fault)
		}
		if len(c.Match) == 0 || len(c.Match) > MaxCancelOn {
			p.Add(at+".match", "required", "needs 1 to %d members: paths within the event's data with the values they must have", MaxCancelOn)
		}
		for _, path := range slices.Sorted(maps.Keys(c.Match)) {
			if path == "" || len(path) > MaxNameLen || strings.Contains(path, ",") {
				p.Add(at+".match", "pattern", "%q is not a path such as ticket_id or ticket.id", clip(path))
			}
			switch v := c.Match[path].(type) {
			case string:
				if len(v) > MaxNameLen {
					p.Add(at+".match."+path, "too_long", "has %d bytes; at most %d are allowed", len(v), MaxNameLen)
				}
			case bool, float64, int:
			default:
				p.Add(at+".match."+path, "type", "must be a text, a number or a boolean")
			}
		}
	}
}
