package oracle

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Spec is a schedule, with the meaning of the fields of schedule.Spec.
type Spec struct {
	Expr   string
	At     time.Time
	Zone   string
	DST    string
	Start  time.Time
	End    time.Time
	Anchor time.Time
	Seed   string
}

// Slots returns the slots t with from <= t < to, in order. It takes well-formed
// expressions; an error means that it did not understand one.
func Slots(spec Spec, from, to time.Time) ([]time.Time, error) {
	rule, err := Parse(spec)
	if err != nil {
		return nil, err
	}
	if rule.matcher == nil {
		return rule.elapsed(from, to), nil
	}
	step := time.Second
	if rule.matcher.wholeMinutes {
		step = time.Minute
	}
	clock, err := Walk(spec.Zone, from, to, step)
	if err != nil {
		return nil, err
	}
	return rule.Slots(clock), nil
}

// Rule is a parsed spec.
type Rule struct {
	spec    Spec
	matcher *matcher      // nil for one-time jobs and intervals
	every   time.Duration // of an interval
	fixed   bool          // neither the minute nor the hour starts with "*"
}

// Parse reads a spec.
func Parse(spec Spec) (*Rule, error) {
	r := &Rule{spec: spec}
	if !spec.At.IsZero() {
		return r, nil
	}
	expr := strings.ToLower(strings.TrimSpace(spec.Expr))
	if text, ok := strings.CutPrefix(expr, "@every"); ok {
		var err error
		r.every, err = duration(strings.TrimSpace(text))
		return r, err
	}
	texts := strings.Fields(expand(expr))
	if len(texts) == 5 {
		texts = append([]string{"0"}, texts...)
	}
	if len(texts) == 6 {
		texts = append(texts, "*")
	}
	if len(texts) != 7 {
		return nil, fmt.Errorf("oracle: %q has %d fields", spec.Expr, len(texts))
	}
	r.fixed = texts[1][0] != '*' && texts[2][0] != '*'
	var err error
	r.matcher, err = newMatcher(texts, spec.Seed)
	return r, err
}

// expand writes out a macro.
func expand(expr string) string {
	switch expr {
	case "@yearly", "@annually":
		return "0 0 1 1 *"
	case "@monthly":
		return "0 0 1 * *"
	case "@weekly":
		return "0 0 * * 0"
	case "@daily", "@midnight":
		return "0 0 * * *"
	case "@hourly":
		return "0 * * * *"
	}
	return expr
}

// duration reads Go's durations, with days and weeks.
func duration(text string) (time.Duration, error) {
	var total time.Duration
	for _, part := range regexp.MustCompile(`[0-9.]+[a-z]+`).FindAllString(text, -1) {
		times := time.Duration(1)
		if number, ok := strings.CutSuffix(part, "d"); ok {
			part, times = number+"h", 24
		}
		if number, ok := strings.CutSuffix(part, "w"); ok {
			part, times = number+"h", 24*7
		}
		d, err := time.ParseDuration(part)
		if err != nil {
			return 0, err
		}
		total += d * times
	}
	return total, nil
}

// elapsed returns the slots of one-time jobs and intervals.
func (r *Rule) elapsed(from, to time.Time) []time.Time {
	if !r.spec.At.IsZero() {
		at := r.spec.At.Add(time.Second - 1).Truncate(time.Second)
		return r.limited([]time.Time{at}, from, to)
	}
	t := r.spec.Anchor.Truncate(time.Second)
	if n := from.Unix() - t.Unix(); n > 0 {
		every := int64(r.every / time.Second)
		t = time.Unix(t.Unix()+n/every*every, 0)
	}
	var slots []time.Time
	for ; t.Before(to); t = t.Add(r.every) {
		slots = append(slots, t)
	}
	return r.limited(slots, from, to)
}

// limited keeps the slots within [from, to) and the limits of the spec.
func (r *Rule) limited(slots []time.Time, from, to time.Time) []time.Time {
	var kept []time.Time
	for _, t := range slots {
		if t.Before(from) || !t.Before(to) {
			continue
		}
		if !r.spec.Start.IsZero() && t.Before(r.spec.Start) || !r.spec.End.IsZero() && !t.Before(r.spec.End) {
			continue
		}
		kept = append(kept, t.UTC())
	}
	return kept
}
