package chaos

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// report is what a run showed, as a page for people: the verdict, and a timeline for
// each job that broke a promise.
func report(tr *trial, h *History, found []Violation, text string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# A run of %s on %s, %d nodes, seed %d\n\n%s\n\n%s\n", h.Profile.Until.Sub(h.Profile.From).Round(time.Second), tr.store, tr.count, tr.seed, text, tally(h, found))
	if len(found) == 0 {
		b.WriteString("\nNo invariant was violated.\n")
		return b.String()
	}
	b.WriteString("\n## Violations\n\n")
	jobs := map[string]bool{}
	for _, v := range found {
		fmt.Fprintf(&b, "- %s\n", v)
		jobs[v.Job] = v.Job != ""
	}
	for _, name := range slices.Sorted(mapKeys(jobs)) {
		if jobs[name] {
			timeline(&b, h, found, name)
		}
	}
	return b.String()
}

func mapKeys(m map[string]bool) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// moment is one line of a timeline.
type moment struct {
	at   time.Time
	text string
}

// timeline tells what is known of a job, and what was broken, in order of time.
func timeline(b *strings.Builder, h *History, found []Violation, name string) {
	var all []moment
	add := func(at time.Time, format string, args ...any) {
		all = append(all, moment{at, fmt.Sprintf(format, args...)})
	}
	for _, c := range h.Calls {
		if c.Job != name {
			continue
		}
		add(c.Began, "call %s: %s %s in %s %s%s%s", c.Op, c.Answer, c.Code, c.Ended.Sub(c.Began).Round(time.Millisecond), c.Execution, c.Status, c.Schedule)
		if c.Spec != nil {
			add(c.Began, "  %+v", *c.Spec)
		}
	}
	for _, f := range h.Faults {
		add(f.From, "fault %s of %s begins", f.Kind, f.Target)
		add(f.Until, "fault %s of %s is healed", f.Kind, f.Target)
	}
	for _, m := range h.Marks {
		if m.Job == name {
			add(m.At, "witness: %s of %s, attempt %d, token %d, ok %t", m.Kind, m.Execution, m.Attempt, m.Token, m.OK)
		}
	}
	for _, r := range h.Rows {
		if r.Job != name {
			continue
		}
		add(r.Created, "row %d %s of slot %s is made (%s): in the end %s %s %s, %d attempts, %d retries, %d losses", r.N, r.ID, stamp(r.Slot), r.Trigger, r.Status, r.Skip, r.Class, r.Attempt, r.Retries, r.Lost)
		for _, a := range r.Attempts {
			add(a.Started, "row %d: attempt %d on %s, token %d: %s after %s", r.N, a.N, a.Node, a.Token, a.Status, a.Completed.Sub(a.Started))
		}
	}
	for _, v := range found {
		if v.Job == name {
			add(v.At, "**%s**", v)
		}
	}
	slices.SortStableFunc(all, func(x, y moment) int { return cmp.Compare(x.at.UnixNano(), y.at.UnixNano()) })
	fmt.Fprintf(b, "\n## %s\n\n```\n", name)
	for _, m := range all {
		fmt.Fprintf(b, "%s  %s\n", stamp(m.at), m.text)
	}
	b.WriteString("```\n")
}
