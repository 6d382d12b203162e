package jobfile

import (
	"slices"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// shape is what a field takes.
type shape int

const (
	text     shape = iota
	word           // one of field.words
	integer        // from field.min to field.max
	flag           // true or false
	instant        // RFC 3339 with an offset
	duration       // such as 90s, 30m or 1h30m
	words          // a list of texts
	object         // a JSON object
	objects        // a list of JSON objects
)

// field is one key of a job.
type field struct {
	name     string
	shape    shape
	about    string
	words    []string // what a word may be
	min, max int64
	zero     bool   // an integer may be 0 too, below min
	means    string // the field of the API that this one is short for; "" = itself
}

// fields are the keys of a job in the order in which they are written. Names and bounds
// are those of the API; the last ones are shorthands.
var fields = []field{
	{name: "type", shape: word, words: list(api.CreatableTypes()), about: "How the job comes to run"},
	{name: "name", shape: text, about: "Unique among the live jobs of a platform"},
	{name: "platform_id", shape: text, about: "Slug or UUID of the platform; default: the reserved one"},
	{name: "description", shape: text, about: "Free text"},
	{name: "schedule", shape: text, about: "Cron expression, macro, or @every DURATION"},
	{name: "timezone", shape: text, about: "IANA zone of the schedule"},
	{name: "execute_at", shape: instant, about: "When a one-time job runs"},
	{name: "start_date", shape: instant, about: "First instant of a recurring job"},
	{name: "end_date", shape: instant, about: "A recurring job ends before this"},
	{name: "max_executions", shape: integer, min: 1, max: job.MaxMaxExecutions, about: "A recurring job ends after so many runs"},
	{name: "dst_policy", shape: word, words: []string{"once", "wall"}, about: "What a change of the clock does to due times"},
	{name: "jitter_ms", shape: integer, max: job.MaxJitterMS, about: "Starts move later by up to this"},
	{name: "misfire", shape: word, words: list(job.Misfires()), about: "What becomes of missed due times"},
	{name: "misfire_grace_ms", shape: integer, max: job.MaxDurationMS, about: "With misfire fire_once: the oldest missed due time that still runs"},
	{name: "skip_if_overdue", shape: flag, about: "true is misfire skip"},
	{name: "event_name", shape: text, about: "Event job: name, or pattern, of the events that make it run"},
	{name: "after", shape: objects, about: "Event job: runs when one of these jobs ended; job, and on: success, failure or any"},
	{name: "when", shape: text, about: "Condition; a run for which it is false is skipped"},
	{name: "delay_ms", shape: integer, max: job.MaxDurationMS, about: "Event job: between the event and the run"},
	{name: "debounce_ms", shape: integer, max: job.MaxDurationMS, about: "Event job: runs once, so long after the last of several events"},
	{name: "cancel_on", shape: objects, about: "Events that cancel the job: event, and match, paths in its data with their values"},
	{name: "start_within_ms", shape: integer, max: job.MaxDurationMS, about: "From the due time to the first start; 0 is no limit"},
	{name: "finish_within_ms", shape: integer, max: job.MaxDurationMS, about: "From the start to the end of an attempt; 0 is no limit"},
	{name: "min_duration_ms", shape: integer, max: job.MaxDurationMS, about: "A success that took less is suspicious; 0 is no limit"},
	{name: "max_gap_ms", shape: integer, max: job.MaxDurationMS, about: "A run begins at least so often; 0 is no limit"},
	{name: "handler_name", shape: text, about: "What runs"},
	{name: "handler_type", shape: word, words: list(job.HandlerTypes()), about: "Kind of the handler; default: that of the registered one"},
	{name: "payload", shape: object, about: "What the handler gets"},
	{name: "enabled", shape: flag, about: "false pauses the job, true resumes it; left out, both stay as they are"},
	{name: "max_retries", shape: integer, max: job.MaxRetriesLimit, about: "Attempts after the first"},
	{name: "retry_delay_ms", shape: integer, max: job.MaxRetryDelayMS, about: "Before the first retry"},
	{name: "retry_backoff", shape: word, words: list(job.Backoffs()), about: "How the delay grows"},
	{name: "retry_max_delay_ms", shape: integer, min: 1, max: job.MaxRetryDelayMS, about: "The delay grows to this at most"},
	{name: "timeout_ms", shape: integer, min: job.MinTimeoutMS, max: job.MaxDurationMS, zero: true, about: "Of one attempt; 0 is no limit"},
	{name: "priority", shape: word, words: list(job.Priorities()), about: "Who goes first when slots are short"},
	{name: "concurrency", shape: integer, min: 1, max: job.MaxConcurrency, about: "Runs at once"},
	{name: "allow_overlap", shape: flag, about: "true is overlap allow"},
	{name: "overlap", shape: word, words: list(job.Overlaps()), about: "What becomes of a run that is due while another is not over"},
	{name: "on_lost", shape: word, words: list(job.OnLosts()), about: "What becomes of a run whose worker vanished"},
	{name: "pause_on_failures", shape: integer, max: job.MaxPauseOnFailures, about: "The job is paused after so many final failures in a row; 0 is never"},
	{name: "on_failure", shape: object, about: "What runs once when a run has failed for good: handler_name, payload, timeout_ms"},
	{name: "tags", shape: words, max: job.MaxTags, about: "Labels to select jobs by"},
	{name: "metadata", shape: object, about: "Whatever you want to keep with the job"},

	{name: "command", shape: words, max: maxArgv, means: "payload", about: "Program and arguments for the handler exec, as behind -- of job create"},
	{name: "shell", shape: text, means: "payload", about: "A line for the shell of the handler exec"},
	{name: "url", shape: text, means: "payload", about: "An address for the handler http"},
	{name: "jitter", shape: duration, means: "jitter_ms", about: "jitter_ms as a duration"},
	{name: "misfire_grace", shape: duration, means: "misfire_grace_ms", about: "misfire_grace_ms as a duration"},
	{name: "retry_delay", shape: duration, means: "retry_delay_ms", about: "retry_delay_ms as a duration"},
	{name: "retry_max_delay", shape: duration, means: "retry_max_delay_ms", about: "retry_max_delay_ms as a duration"},
	{name: "timeout", shape: duration, means: "timeout_ms", about: "timeout_ms as a duration"},
}

// Bounds of a file, beside those of a job.
const (
	MaxFile  = 1 << 20 // bytes
	maxDepth = 32
	maxNodes = 200_000
	maxArgv  = 1000
)

// meant are words that people use for fields.
var meant = map[string]string{
	"cron": "schedule", "expression": "schedule", "tz": "timezone", "time_zone": "timezone", "zone": "timezone",
	"at": "execute_at", "run_at": "execute_at", "start": "start_date", "end": "end_date", "handler": "handler_name",
	"retries": "max_retries", "retires": "max_retries", "cmd": "command", "argv": "command", "script": "shell", "labels": "tags",
	"platform": "platform_id", "backoff": "retry_backoff", "dst": "dst_policy", "args": "payload", "params": "payload", "disabled": "enabled",
}

// fieldNamed finds a field.
func fieldNamed(name string) *field {
	i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
	if i < 0 {
		return nil
	}
	return &fields[i]
}

// names lists the fields.
func names() []string {
	all := make([]string, len(fields))
	for i := range fields {
		all[i] = fields[i].name
	}
	return all
}

func list[T ~string](items []T) []string {
	all := make([]string, len(items))
	for i, item := range items {
		all[i] = string(item)
	}
	return all
}
