package job

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/agentic-sdlc/scheduler/schedule"
)

// Bounds that only validation needs.
const (
	// MinTimeoutMS is the shortest timeout, in milliseconds; 0 is no limit.
	MinTimeoutMS = 100
	// OpenConcurrency is the concurrency of a job that allows overlap and says no number.
	OpenConcurrency = 10
	// PastGrace is how old an execute_at may be at creation: it runs at once.
	PastGrace = time.Minute
)

// NewSpec returns a Spec with the defaults of the fields whose zero means something:
// what users say is written over it, then Normalize fills in the rest.
func NewSpec(d Defaults) Spec {
	return Spec{MaxRetries: d.MaxRetries, RetryDelayMS: d.RetryDelayMS, TimeoutMS: d.TimeoutMS}
}

// Normalize fills in what its author left empty, from d and from the other fields:
// overlap follows allow_overlap and concurrency, on_lost follows max_retries. It
// brings instants to UTC with microseconds and JSON to its compact form. A Spec that
// is normal already stays as it is.
func (s *Spec) Normalize(d Defaults) {
	fill(&s.Timezone, d.Timezone)
	fill(&s.DSTPolicy, d.DSTPolicy)
	fill(&s.Misfire, d.Misfire)
	fill(&s.HandlerType, HandlerFunction)
	fill(&s.RetryBackoff, d.RetryBackoff)
	fill(&s.RetryMaxDelayMS, max(d.RetryMaxDelayMS, s.RetryDelayMS))
	fill(&s.Priority, d.Priority)
	s.normalizeOverlap()
	if s.MaxRetries == 0 {
		fill(&s.OnLost, OnLostFail)
	}
	fill(&s.OnLost, OnLostRetry)
	s.ExecuteAt, s.StartDate, s.EndDate = toMicros(s.ExecuteAt), toMicros(s.StartDate), toMicros(s.EndDate)
	if len(s.Payload) == 0 {
		s.Payload = json.RawMessage("{}")
	}
	s.Payload, s.Metadata = compact(s.Payload), compact(s.Metadata)
	if s.OnFailure != nil && s.OnFailure.Payload != nil {
		hook := *s.OnFailure
		hook.Payload = compact(hook.Payload)
		s.OnFailure = &hook
	}
	if s.Tags == nil {
		s.Tags = []string{}
	}
}

// normalizeOverlap makes overlap, allow_overlap and concurrency say the same.
func (s *Spec) normalizeOverlap() {
	if s.Overlap == "" {
		s.Overlap = OverlapSkip
		if s.AllowOverlap || s.Concurrency > 1 {
			s.Overlap = OverlapAllow
		}
		s.AllowOverlap = s.Overlap == OverlapAllow
	}
	if s.Overlap == OverlapAllow {
		s.AllowOverlap = true
		fill(&s.Concurrency, OpenConcurrency)
	}
	fill(&s.Concurrency, 1)
}

// ForgetDerived empties the fields that hold what Normalize derives from others, so
// that they follow an edit of those. given says which fields the edit names: they
// are left alone.
func (s *Spec) ForgetDerived(d Defaults, given func(field string) bool) {
	open := s.Overlap == OverlapAllow
	overlap := given("overlap") || given("allow_overlap")
	switch {
	case given("concurrency") && !overlap:
		if open && s.Concurrency > 1 || s.Overlap == OverlapSkip {
			s.Overlap, s.AllowOverlap = "", false
		}
	case overlap && !given("concurrency"):
		if open && s.Concurrency == OpenConcurrency || !open {
			s.Concurrency = 0
		}
	}
	if !given("on_lost") && (s.OnLost == OnLostFail) == (s.MaxRetries == 0) {
		s.OnLost = ""
	}
	if !given("retry_max_delay_ms") && s.RetryMaxDelayMS == max(d.RetryMaxDelayMS, s.RetryDelayMS) {
		s.RetryMaxDelayMS = 0
	}
}

// Validate checks everything that holds whatever the time is, and reports all faults
// at once. The Spec must be normal.
func (s *Spec) Validate() Problems {
	var p Problems
	checkName(&p, s.Name)
	if len(s.Description) > MaxTextLen {
		p.Add("description", "too_long", "has %d bytes; at most %d are allowed", len(s.Description), MaxTextLen)
	}
	checkText(&p, "description", s.Description)
	OneOf(&p, "type", s.Type, Types())
	s.checkTimes(&p)
	s.checkSchedule(&p)
	s.checkEvents(&p)
	s.checkHandler(&p)
	s.checkRetries(&p)
	s.checkPlaces(&p)
	s.checkAftermath(&p)
	checkTags(&p, s.Tags)
	checkObject(&p, "payload", s.Payload, MaxPayload)
	if s.Metadata != nil {
		checkObject(&p, "metadata", s.Metadata, MaxMetadata)
	}
	return p
}

// ValidateAt is Validate for a schedule that begins at now: it must have a slot ahead.
func (s *Spec) ValidateAt(now time.Time) Problems {
	p := s.Validate()
	switch at, end := s.ExecuteAt, s.EndDate; {
	case s.Type == TypeOneTime && at != nil && !has(p, "execute_at") && now.Sub(*at) > PastGrace:
		p.Add("execute_at", "past", "is in the past by %s; at most %s is accepted", now.Sub(*at).Truncate(time.Second), PastGrace)
	case end != nil && !has(p, "end_date") && !end.After(now):
		p.Add("end_date", "past", "is in the past")
	case s.Type != TypeEvent && s.Type != TypeOneTime:
		sched, err := Compile(&Job{Spec: *s, Anchor: anchorOf(s, now)})
		if err == nil && sched.Next(now).IsZero() {
			p.Add("schedule", schedule.CodeNeverFires, "has no run after now")
		}
	}
	return p
}

// anchorOf returns where "@every" of a job created at the instant counts from.
func anchorOf(s *Spec, created time.Time) time.Time {
	if s.StartDate != nil {
		return *s.StartDate
	}
	return created
}

// isName reports whether s has the form [A-Za-z0-9][A-Za-z0-9._-]{0,127}. It is a loop,
// since compiling a pattern would cost schedctl a tenth of its start.
func isName(s string) bool {
	for i, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && (i == 0 || c != '.' && c != '_' && c != '-') {
			return false
		}
	}
	return s != "" && len(s) <= MaxNameLen
}

// checkName holds a job's name against the rule that makes JOB/N, JOB/last and ids
// tell apart.
func checkName(p *Problems, name string) {
	switch {
	case name == "":
		p.Add("name", "required", "is required")
	case len(name) > MaxNameLen:
		p.Add("name", "too_long", "has %d bytes; at most %d are allowed", len(name), MaxNameLen)
	case !isName(name):
		p.Add("name", "pattern", "%q must start with a letter or digit and hold only letters, digits, dot, underscore and hyphen", clip(name))
	case strings.Trim(name, "0123456789") == "":
		p.Add("name", "pattern", "%q must not be all digits: it would look like a run number", name)
	case strings.HasPrefix(name, "last"):
		p.Add("name", "pattern", `%q must not start with "last": JOB/last names a run`, clip(name))
	default:
		if _, err := ParseID(name); err == nil {
			p.Add("name", "pattern", "%q must not be a UUID: it would look like an id", name)
		}
	}
}

// checkTimes checks the instants: RFC 3339 knows the years 1 to 9999, and the zero
// time means none.
func (s *Spec) checkTimes(p *Problems) {
	for _, f := range []struct {
		name string
		at   *time.Time
	}{{"execute_at", s.ExecuteAt}, {"start_date", s.StartDate}, {"end_date", s.EndDate}} {
		if f.at != nil && (f.at.IsZero() || f.at.UTC().Year() < 1 || f.at.UTC().Year() > 9999) {
			p.Add(f.name, "out_of_range", "must lie within the years 1 to 9999")
		}
	}
	oneTime, recurring := s.Type == TypeOneTime, s.Type == TypeRecurring
	if s.ExecuteAt != nil && !oneTime {
		p.Add("execute_at", "not_allowed", "is for one-time jobs; a %s job has a schedule", s.Type)
	}
	for _, f := range []struct {
		name  string
		given bool
	}{{"start_date", s.StartDate != nil}, {"end_date", s.EndDate != nil}, {"max_executions", s.MaxExecutions != nil}} {
		if f.given && !recurring {
			p.Add(f.name, "not_allowed", "is for recurring jobs, not for a %s job", s.Type)
		}
	}
	if recurring && s.StartDate == nil {
		p.Add("start_date", "required", "is required for a recurring job")
	}
	if s.MaxExecutions != nil {
		within(p, "max_executions", *s.MaxExecutions, 1, MaxMaxExecutions)
	}
	within(p, "jitter_ms", s.JitterMS, 0, MaxJitterMS)
	OneOf(p, "misfire", s.Misfire, Misfires())
	if s.MisfireGrace != nil {
		within(p, "misfire_grace_ms", *s.MisfireGrace, 0, MaxDurationMS)
		if s.Misfire != MisfireFireOnce {
			p.Add("misfire_grace_ms", "contradiction", "goes with misfire %q only, not with %q", MisfireFireOnce, s.Misfire)
		}
	}
}

// checkSchedule compiles the schedule. A fault of the zone hides none of the
// expression.
func (s *Spec) checkSchedule(p *Problems) {
	switch {
	case s.Type == TypeOneTime && s.Schedule != "":
		p.Add("schedule", "not_allowed", "a one-time job has execute_at and no schedule: exactly one of them")
	case s.Type == TypeOneTime && s.ExecuteAt == nil:
		p.Add("execute_at", "required", "is required for a one-time job")
	case s.Type == TypeEvent && s.Schedule != "":
		p.Add("schedule", "not_allowed", "an event job has no schedule")
	case s.Type != TypeOneTime && s.Type != TypeEvent && strings.TrimSpace(s.Schedule) == "":
		p.Add("schedule", "required", "is required: a cron expression, a macro or @every DURATION")
	}
	spec := schedule.Spec{Expr: s.Schedule, Zone: s.Timezone, DST: schedule.DSTPolicy(s.DSTPolicy)}
	switch {
	case s.Type == TypeOneTime && !deref(s.ExecuteAt).IsZero():
		spec.Expr, spec.At = "", *s.ExecuteAt
	case s.Type == TypeOneTime, s.Type == TypeEvent, s.Schedule == "":
		spec.Expr = "@hourly" // the zone is still to be checked
	case s.Type == TypeRecurring:
		spec.Start, spec.End, spec.Anchor = deref(s.StartDate), deref(s.EndDate), deref(s.StartDate)
	}
	for range 3 { // the schedule, again without its zone, again without its policy
		_, err := schedule.New(spec)
		fault, ok := errors.AsType[*schedule.Error](err)
		if !ok || has(*p, fault.Field) {
			return
		}
		p.Add(fault.Field, fault.Code, "%s", faultText(fault))
		switch fault.Field {
		case schedule.FieldTimezone:
			spec.Zone = ""
		case schedule.FieldDSTPolicy:
			spec.DST = ""
		default:
			return
		}
	}
}

// faultText is one line with the place and the way out.
func faultText(fault *schedule.Error) string {
	text := fault.Message
	if fault.Pos > 0 && !strings.Contains(text, fmt.Sprintf(" at %d", fault.Pos)) {
		text += fmt.Sprintf(" (at %d)", fault.Pos)
	}
	if fault.Hint != "" {
		text += "; " + fault.Hint
	}
	return text
}

func (s *Spec) checkHandler(p *Problems) {
	switch {
	case s.HandlerName == "":
		p.Add("handler_name", "required", "is required")
	case len(s.HandlerName) > MaxNameLen:
		p.Add("handler_name", "too_long", "has %d bytes; at most %d are allowed", len(s.HandlerName), MaxNameLen)
	case !isName(s.HandlerName):
		p.Add("handler_name", "pattern", "%q is not the name of a handler", clip(s.HandlerName))
	}
	OneOf(p, "handler_type", s.HandlerType, HandlerTypes())
	OneOf(p, "priority", s.Priority, Priorities())
	if s.TimeoutMS != 0 {
		within(p, "timeout_ms", s.TimeoutMS, MinTimeoutMS, MaxDurationMS)
	}
}

func (s *Spec) checkRetries(p *Problems) {
	within(p, "max_retries", int64(s.MaxRetries), 0, MaxRetriesLimit)
	within(p, "retry_delay_ms", s.RetryDelayMS, 0, MaxRetryDelayMS)
	within(p, "retry_max_delay_ms", s.RetryMaxDelayMS, 0, MaxRetryDelayMS)
	if s.RetryMaxDelayMS < s.RetryDelayMS {
		p.Add("retry_max_delay_ms", "contradiction", "%d is less than retry_delay_ms, %d", s.RetryMaxDelayMS, s.RetryDelayMS)
	}
	OneOf(p, "retry_backoff", s.RetryBackoff, Backoffs())
	OneOf(p, "on_lost", s.OnLost, OnLosts())
}

// checkPlaces checks how many runs may be under way at once.
func (s *Spec) checkPlaces(p *Problems) {
	within(p, "concurrency", int64(s.Concurrency), 1, MaxConcurrency)
	OneOf(p, "overlap", s.Overlap, Overlaps())
	switch allow := s.Overlap == OverlapAllow; {
	case s.AllowOverlap != allow:
		p.Add("allow_overlap", "contradiction", "%t contradicts overlap %q", s.AllowOverlap, s.Overlap)
	case !allow && s.Concurrency > 1:
		p.Add("concurrency", "contradiction", `%d contradicts overlap %q (allow_overlap false), which runs one at a time; set overlap "allow" or concurrency 1`, s.Concurrency, s.Overlap)
	}
}

func checkTags(p *Problems, tags []string) {
	if len(tags) > MaxTags {
		p.Add("tags", "too_many", "has %d tags; at most %d are allowed", len(tags), MaxTags)
		return
	}
	for i, tag := range tags {
		field := fmt.Sprintf("tags[%d]", i)
		switch {
		case tag == "" || len(tag) > MaxTagLen:
			p.Add(field, "too_long", "has %d bytes; 1 to %d are allowed", len(tag), MaxTagLen)
		case strings.ContainsFunc(tag, notInTag) || !utf8.ValidString(tag):
			p.Add(field, "pattern", "%q may hold only letters, digits and . _ - : / @ = +", clip(tag))
		case slices.Contains(tags[:i], tag):
			p.Add(field, "duplicate", "%q appears twice", clip(tag))
		}
	}
}

func notInTag(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-:/@=+", r)
}

// checkObject checks that raw is one JSON object of at most limit bytes.
func checkObject(p *Problems, field string, raw json.RawMessage, limit int) {
	switch {
	case len(raw) > limit:
		p.Add(field, "too_large", "has %d bytes; at most %d are allowed", len(raw), limit)
	case !json.Valid(raw):
		p.Add(field, "syntax", "is not valid JSON")
	case bytes.TrimLeft(raw, " \t\r\n")[0] != '{':
		p.Add(field, "type", "must be a JSON object")
	default:
		if fault := TextFault(raw); fault != "" {
			p.Add(field, "text", "%s", fault)
		}
	}
}

// CheckPayload holds the payload of one run against the rules of a definition's.
func CheckPayload(raw json.RawMessage) Problems {
	var p Problems
	checkObject(&p, "payload", raw, MaxPayload)
	return p
}

// checkText refuses text that is not Unicode, or holds a NUL.
func checkText(p *Problems, field, text string) {
	switch {
	case !utf8.ValidString(text):
		p.Add(field, "text", "is not valid Unicode text")
	case strings.IndexByte(text, 0) >= 0:
		p.Add(field, "text", "must not contain the character NUL")
	}
}

// TextFault says what is wrong with the text inside raw, which is valid JSON or one
// string of it: not UTF-8, half a surrogate pair, a NUL. "" means nothing.
func TextFault(raw []byte) string {
	if !utf8.Valid(raw) {
		return "is not valid Unicode text"
	}
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 || i+1 >= len(raw) {
			return ""
		}
		if raw[i+1] != 'u' {
			raw = raw[i+2:]
			continue
		}
		unit := escaped(raw[i:])
		raw = raw[min(i+6, len(raw)):]
		switch {
		case unit == 0:
			return "must not contain the character NUL"
		case unit >= 0xDC00 && unit <= 0xDFFF:
			return "is not valid Unicode text: half a surrogate pair"
		case unit >= 0xD800 && unit <= 0xDBFF:
			if low := escaped(raw); low < 0xDC00 || low > 0xDFFF {
				return "is not valid Unicode text: half a surrogate pair"
			}
			raw = raw[6:]
		}
	}
}

// escaped returns the UTF-16 unit that raw starts with, written as \u and four
// hexadecimal digits; -1 when it starts with something else.
func escaped(raw []byte) int {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return -1
	}
	unit := 0
	for _, c := range raw[2:6] {
		digit := bytes.IndexByte([]byte("0123456789abcdef"), c|0x20)
		if c <= '9' {
			digit = int(c - '0')
		}
		unit = unit<<4 | digit
	}
	return unit
}

// OneOf notes a problem unless value is one of allowed, with the nearest of them.
func OneOf[T ~string](p *Problems, field string, value T, allowed []T) {
	if slices.Contains(allowed, value) {
		return
	}
	words := make([]string, len(allowed))
	for i, a := range allowed {
		words[i] = string(a)
	}
	hint := ""
	if near := Nearest(string(value), words); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	p.Add(field, "unknown", "%q is not one of %s%s", clip(string(value)), strings.Join(words, ", "), hint)
}

// has reports whether a field is at fault already.
func has(p Problems, field string) bool {
	return slices.ContainsFunc(p, func(f FieldError) bool { return f.Field == field })
}

func within(p *Problems, field string, value, low, high int64) {
	if value < low || value > high {
		p.Add(field, "out_of_range", "%d is outside %d to %d", value, low, high)
	}
}

// fill sets an empty field.
func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// toMicros returns t in UTC with microseconds; nil for nil.
func toMicros(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	utc := t.UTC().Truncate(time.Microsecond)
	return &utc
}

// compact strips blanks; what is no JSON stays for Validate to refuse.
func compact(raw json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if len(raw) == 0 || json.Compact(&b, raw) != nil {
		return raw
	}
	return b.Bytes()
}
