package httpapi

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// maxParameters bounds the query of a request.
const maxParameters = 64

// query reads parameters and collects what is wrong with them. Names that the route
// does not declare are refused before it is read.
type query struct {
	values   url.Values
	declared []string
	problems job.Problems
}

// dryRun is a parameter of routes that are marked so by tried.
const dryRun = "dry_run"

// platformParameter is allowed on every route.
const platformParameter = "platform_id"

// readQuery parses the query and refuses what the route does not know.
func (rq *request) readQuery() error {
	raw := rq.URL.RawQuery
	if strings.Count(raw, "&") >= maxParameters {
		return job.Errorf(job.Invalid, "the query has more than %d parameters", maxParameters)
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return &job.Error{Code: job.Invalid, Message: "the query is malformed", Hint: "separate parameters with &, and escape them", Err: err}
	}
	rq.query = query{values: values, declared: rq.route.query}
	names := append(slices.Clone(rq.route.query), platformParameter)
	for name := range values {
		if slices.Contains(names, name) {
			continue
		}
		hint := ""
		if near := job.Nearest(name, names); near != "" {
			hint = `; did you mean "` + near + `"?`
		}
		rq.query.problems.Add(clip(strings.ToValidUTF8(name, "�")), "unknown_parameter", "unknown parameter%s", hint)
	}
	if !rq.route.open {
		rq.call.Platform = rq.query.text(platformParameter)
	}
	if slices.Contains(rq.route.query, dryRun) {
		rq.call.DryRun = rq.query.flag(dryRun)
	}
	return rq.query.err()
}

// err returns every problem found so far as one error.
func (q *query) err() error {
	slices.SortStableFunc(q.problems, func(a, b job.FieldError) int { return strings.Compare(a.Field, b.Field) })
	return q.problems.Err()
}

// has reports whether a parameter was given.
func (q *query) has(name string) bool { return len(q.all(name)) > 0 }

// all returns every value of a parameter.
func (q *query) all(name string) []string {
	if name != platformParameter && !slices.Contains(q.declared, name) {
		panic("httpapi: parameter " + name + " is not declared in the table of routes")
	}
	return q.values[name]
}

// text returns the one value of a parameter, "" when it was not given.
func (q *query) text(name string) string {
	values := q.all(name)
	switch {
	case len(values) == 0:
		return ""
	case len(values) > 1:
		q.problems.Add(name, "duplicate", "is given twice")
	case values[0] == "":
		q.problems.Add(name, "empty", "must not be empty; leave it out")
	case !printable(values[0]):
		q.problems.Add(name, "text", "must be printable Unicode text")
	default:
		return values[0]
	}
	return ""
}

// list returns the values of a parameter: separated by commas, or given several times.
func (q *query) list(name string) []string {
	var items []string
	for _, value := range q.all(name) {
		for item := range strings.SplitSeq(value, ",") {
			if item = strings.TrimSpace(item); item == "" || !printable(item) {
				q.problems.Add(name, "empty", "has an empty or unprintable item")
				return nil
			}
			items = append(items, item)
		}
	}
	if len(items) > 100 {
		q.problems.Add(name, "too_many", "has more than 100 items")
		return nil
	}
	return items
}

// oneOf returns the values of a parameter, which must be among allowed.
func oneOf[T ~string](q *query, name string, allowed []T) []T {
	var values []T
	for _, item := range q.list(name) {
		job.OneOf(&q.problems, name, T(item), allowed)
		values = append(values, T(item))
	}
	return values
}

// single returns the one value of a parameter, which must be among allowed.
func single[T ~string](q *query, name string, allowed ...T) T {
	value := T(q.text(name))
	if value != "" {
		job.OneOf(&q.problems, name, value, allowed)
	}
	return value
}

// number returns an integer within bounds.
func (q *query) number(name string, standard, low, high int64) int64 {
	text := q.text(name)
	if text == "" {
		return standard
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < low || n > high {
		q.problems.Add(name, "out_of_range", "%s is not an integer from %d to %d", strconv.Quote(clip(text)), low, high)
		return standard
	}
	return n
}

// flag returns a boolean.
func (q *query) flag(name string) bool {
	text := q.text(name)
	if text != "" && text != "true" && text != "false" {
		q.problems.Add(name, "type", "must be true or false")
	}
	return text == "true"
}

// time returns an instant, zero when it was not given.
func (q *query) time(name string) time.Time {
	text := q.text(name)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.IsZero() {
		hint := ""
		if strings.Contains(text, " ") {
			hint = "; write + as %2B"
		}
		q.problems.Add(name, "type", "%s is not a time in RFC 3339 with its offset, such as 2026-11-22T17:30:00Z%s", strconv.Quote(clip(text)), hint)
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// duration returns a span such as 90m, 24h or 7d.
func (q *query) duration(name string, standard, high time.Duration) time.Duration {
	text := q.text(name)
	if text == "" {
		return standard
	}
	d, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok && err != nil {
		var n int64
		if n, err = strconv.ParseInt(days, 10, 32); err == nil {
			d = time.Duration(n) * 24 * time.Hour
		}
	}
	if err != nil || d <= 0 || d > high {
		q.problems.Add(name, "out_of_range", "%s is not a duration such as 24h or 7d, at most %dd", strconv.Quote(clip(text)), high/(24*time.Hour))
		return standard
	}
	return d
}

// millis returns a span in milliseconds, 0 when it was not given.
func (q *query) millis(name string) time.Duration {
	const century = 100 * 366 * 24 * time.Hour
	return time.Duration(q.number(name, 0, 1, century.Milliseconds())) * time.Millisecond
}

// before notes when two instants are the wrong way round.
func (q *query) before(from, to string, a, b time.Time) {
	if !a.IsZero() && !b.IsZero() && !a.Before(b) {
		q.problems.Add(from, "contradiction", "must be before %s", to)
	}
}
