package job

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// specFor returns a normal Spec of a type, changed by edit before it is normalized.
func specFor(typ Type, edit func(s *Spec)) Spec {
	s := NewSpec(StandardDefaults())
	s.Name, s.Type, s.HandlerName = "nightly", typ, "exec"
	switch typ {
	case TypeOneTime:
		at := noon.Add(time.Hour)
		s.ExecuteAt = &at
	case TypeRecurring:
		start := noon
		s.Schedule, s.StartDate = "0 2 * * *", &start
	case TypeCron:
		s.Schedule = "0 2 * * *"
	case TypeEvent:
		s.EventName = "ticket:created"
	}
	if edit != nil {
		edit(&s)
	}
	s.Normalize(StandardDefaults())
	return s
}

// TestValidateRefuses holds the rows of bad-input.md that concern a definition; row
// numbers are theirs. want lists the fields at fault.
func TestValidateRefuses(t *testing.T) {
	at := func(d time.Duration) *time.Time { x := noon.Add(d); return &x }
	date := func(y int) *time.Time { x := time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC); return &x }
	num := func(n int64) *int64 { return &n }
	tests := []struct {
		name string
		typ  Type
		edit func(s *Spec)
		want string
	}{
		{"B18 empty", TypeCron, func(s *Spec) { s.Schedule = "" }, "schedule"},
		{"B18 blanks", TypeCron, func(s *Spec) { s.Schedule = " \t " }, "schedule"},
		{"B18 four fields", TypeCron, func(s *Spec) { s.Schedule = "* * * *" }, "schedule"},
		{"B19 minute 60", TypeCron, func(s *Spec) { s.Schedule = "60 * * * *" }, "schedule"},
		{"B19 day of week 8", TypeCron, func(s *Spec) { s.Schedule = "* * * * 8" }, "schedule"},
		{"B20 step 0", TypeCron, func(s *Spec) { s.Schedule = "*/0 * * * *" }, "schedule"},
		{"B20 step 99", TypeCron, func(s *Spec) { s.Schedule = "*/99 * * * *" }, "schedule"},
		{"B22 empty item", TypeCron, func(s *Spec) { s.Schedule = "1,,2 * * * *" }, "schedule"},
		{"B22 arabic digit", TypeCron, func(s *Spec) { s.Schedule = "٣ * * * *" }, "schedule"},
		{"B23 30 February", TypeCron, func(s *Spec) { s.Schedule = "0 0 30 2 *" }, "schedule"},
		{"B24 TZ=UTC", TypeCron, func(s *Spec) { s.Schedule = "TZ=UTC" }, "schedule"},
		{"B24 CRON_TZ", TypeCron, func(s *Spec) { s.Schedule = "CRON_TZ=UTC 0 * * * *" }, "schedule"},
		{"B25 reboot", TypeCron, func(s *Spec) { s.Schedule = "@reboot" }, "schedule"},
		{"B25 every 0s", TypeCron, func(s *Spec) { s.Schedule = "@every 0s" }, "schedule"},
		{"B25 every negative", TypeCron, func(s *Spec) { s.Schedule = "@every -5s" }, "schedule"},
		{"B28 long", TypeCron, func(s *Spec) { s.Schedule = strings.Repeat("1,", 150) + "1 * * * *" }, "schedule"},
		{"B28 newline", TypeCron, func(s *Spec) { s.Schedule = "0 2 *\n* *" }, "schedule"},
		{"B29 Mars", TypeCron, func(s *Spec) { s.Timezone = "Mars/Base" }, "timezone"},
		{"B29 path", TypeCron, func(s *Spec) { s.Timezone = "../../etc/passwd" }, "timezone"},
		{"B29 Local", TypeCron, func(s *Spec) { s.Timezone = "Local" }, "timezone"},
		{"B29 zone and schedule", TypeCron, func(s *Spec) { s.Timezone, s.Schedule = "Mars/Base", "60 * * * *" }, "timezone schedule"},
		{"B29 zone of a one-time job", TypeOneTime, func(s *Spec) { s.Timezone = "Mars/Base" }, "timezone"},
		{"B30 past", TypeOneTime, func(s *Spec) { s.ExecuteAt = at(-61 * time.Second) }, "execute_at"},
		{"B30 year 1", TypeOneTime, func(s *Spec) { s.ExecuteAt = date(1) }, "execute_at"},
		{"B30 year 10000", TypeOneTime, func(s *Spec) { s.ExecuteAt = date(10000) }, "execute_at"},
		{"B32 end before start", TypeRecurring, func(s *Spec) { s.EndDate = at(-time.Second) }, "end_date"},
		{"B32 end in the past", TypeRecurring, func(s *Spec) { s.StartDate, s.EndDate = at(-48*time.Hour), at(-time.Hour) }, "end_date"},
		{"B32 no slot in the window", TypeRecurring, func(s *Spec) { s.EndDate = at(time.Hour) }, "end_date"},
		{"B32 no slot left", TypeRecurring, func(s *Spec) { s.StartDate, s.EndDate = at(-48*time.Hour), at(time.Hour) }, "schedule"},
		{"B33 both", TypeOneTime, func(s *Spec) { s.Schedule = "0 2 * * *" }, "schedule"},
		{"B33 none", TypeOneTime, func(s *Spec) { s.ExecuteAt = nil }, "execute_at"},
		{"B33 execute_at of a cron job", TypeCron, func(s *Spec) { s.ExecuteAt = at(time.Hour) }, "execute_at"},
		{"B34 empty", TypeCron, func(s *Spec) { s.Name = "" }, "name"},
		{"B34 129 bytes", TypeCron, func(s *Spec) { s.Name = strings.Repeat("a", 129) }, "name"},
		{"B34 escape", TypeCron, func(s *Spec) { s.Name = "\x1b]0;x" }, "name"},
		{"B34 newline at the end", TypeCron, func(s *Spec) { s.Name = "a\n" }, "name"},
		{"B34 slash", TypeCron, func(s *Spec) { s.Name = "a/b" }, "name"},
		{"B34 dot first", TypeCron, func(s *Spec) { s.Name = ".." }, "name"},
		{"B34 digits", TypeCron, func(s *Spec) { s.Name = "12345" }, "name"},
		{"B34 last", TypeCron, func(s *Spec) { s.Name = "last-failed" }, "name"},
		{"B34 uuid", TypeCron, func(s *Spec) { s.Name = "01a2044e-c1c0-7d11-9c40-5be0f3a2c7b1" }, "name"},
		{"B35 negative", TypeCron, func(s *Spec) { s.MaxRetries = -1 }, "max_retries"},
		{"B35 101", TypeCron, func(s *Spec) { s.MaxRetries = 101 }, "max_retries"},
		{"B36 negative", TypeCron, func(s *Spec) { s.TimeoutMS = -1 }, "timeout_ms"},
		{"B36 99", TypeCron, func(s *Spec) { s.TimeoutMS = 99 }, "timeout_ms"},
		{"B36 too long", TypeCron, func(s *Spec) { s.TimeoutMS = MaxDurationMS + 1 }, "timeout_ms"},
		{"B37 negative", TypeCron, func(s *Spec) { s.Concurrency = -1 }, "concurrency"},
		{"B37 too many", TypeCron, func(s *Spec) { s.Concurrency = MaxConcurrency + 1 }, "concurrency"},
		{"B37 contradiction", TypeCron, func(s *Spec) { s.Concurrency, s.Overlap = 5, OverlapSkip }, "concurrency"},
		{"B37 allow and skip", TypeCron, func(s *Spec) { s.AllowOverlap, s.Overlap = true, OverlapSkip }, "allow_overlap"},
		{"B42 priority", TypeCron, func(s *Spec) { s.Priority = "urgent" }, "priority"},
		{"B42 type", "hourly", func(s *Spec) { s.Schedule = "@hourly" }, "type"},
		{"B42 handler type", TypeCron, func(s *Spec) { s.HandlerType = "shell" }, "handler_type"},
		{"B42 misfire", TypeCron, func(s *Spec) { s.Misfire = "fire" }, "misfire"},
		{"B42 on_lost", TypeCron, func(s *Spec) { s.OnLost = "maybe" }, "on_lost"},
		{"B42 backoff, dst", TypeCron, func(s *Spec) { s.RetryBackoff, s.DSTPolicy = "random", "never" }, "dst_policy retry_backoff"},
		{"B43 empty", TypeCron, func(s *Spec) { s.HandlerName = "" }, "handler_name"},
		{"B45 payload too large", TypeCron, func(s *Spec) { s.Payload = json.RawMessage(`{"a":"` + strings.Repeat("x", MaxPayload) + `"}`) }, "payload"},
		{"B45 array", TypeCron, func(s *Spec) { s.Payload = json.RawMessage(`[1]`) }, "payload"},
		{"B45 no JSON", TypeCron, func(s *Spec) { s.Payload = json.RawMessage(`{"a":NaN}`) }, "payload"},
		{"B8 NUL", TypeCron, func(s *Spec) { s.Payload = json.RawMessage(`{"a":"\u0000"}`) }, "payload"},
		{"B8 lone surrogate", TypeCron, func(s *Spec) { s.Payload = json.RawMessage(`{"a":"\ud800x"}`) }, "payload"},
		{"B8 surrogates the wrong way", TypeCron, func(s *Spec) { s.Payload = json.RawMessage(`{"a":"\udc00\ud800"}`) }, "payload"},
		{"B8 invalid UTF-8", TypeCron, func(s *Spec) { s.Description = "a\xff" }, "description"},
		{"B46 33 tags", TypeCron, func(s *Spec) { s.Tags = strings.Split(strings.Repeat("t,", 32)+"t", ",") }, "tags"},
		{"B46 duplicate", TypeCron, func(s *Spec) { s.Tags = []string{"a", "b", "a"} }, "tags[2]"},
		{"B46 65 bytes", TypeCron, func(s *Spec) { s.Tags = []string{strings.Repeat("a", 65)} }, "tags[0]"},
		{"B46 comma, blank, control", TypeCron, func(s *Spec) { s.Tags = []string{"a,b", "a b", "a\x1b"} }, "tags[0] tags[1] tags[2]"},
		{"limits of a cron job", TypeCron, func(s *Spec) { s.StartDate, s.EndDate, s.MaxExecutions = at(0), at(time.Hour), num(3) }, "start_date end_date max_executions"},
		{"recurring without a start", TypeRecurring, func(s *Spec) { s.StartDate = nil }, "start_date"},
		{"no executions", TypeRecurring, func(s *Spec) { s.MaxExecutions = num(0) }, "max_executions"},
		{"grace without fire_once", TypeCron, func(s *Spec) { s.Misfire, s.MisfireGrace = MisfireSkip, num(1) }, "misfire_grace_ms"},
		{"retry delay above its cap", TypeCron, func(s *Spec) { s.RetryDelayMS, s.RetryMaxDelayMS = 2000, 1000 }, "retry_max_delay_ms"},
		{"metadata", TypeCron, func(s *Spec) { s.Metadata = json.RawMessage(`"x"`) }, "metadata"},
		{"description too long", TypeCron, func(s *Spec) { s.Description = strings.Repeat("x", MaxTextLen+1) }, "description"},
		{"jitter", TypeCron, func(s *Spec) { s.JitterMS = MaxJitterMS + 1 }, "jitter_ms"},
		{"an event job that waits for nothing", TypeEvent, func(s *Spec) { s.EventName = "" }, "event_name"},
		{"B52 blanks in the name of an event", TypeEvent, func(s *Spec) { s.EventName = "ticket created" }, "event_name"},
		{"B52 a name of 300 bytes", TypeEvent, func(s *Spec) { s.EventName = strings.Repeat("a", 300) }, "event_name"},
		{"event_name of a cron job", TypeCron, func(s *Spec) { s.EventName = "x" }, "event_name"},
		{"delay and debounce", TypeEvent, func(s *Spec) { s.DelayMS, s.DebounceMS = 1, 1 }, "debounce_ms"},
		{"after itself", TypeEvent, func(s *Spec) { s.After = []After{{Job: s.Name}} }, "after[0].job"},
		{"after an unknown outcome", TypeEvent, func(s *Spec) { s.After = []After{{Job: "a", On: "always"}} }, "after[0].on"},
		{"cancel_on without match", TypeCron, func(s *Spec) { s.CancelOn = []CancelOn{{Event: "x"}} }, "cancel_on[0].match"},
		{"cancel_on a pattern", TypeCron, func(s *Spec) { s.CancelOn = []CancelOn{{Event: "x*", Match: map[string]any{"a": "b"}}} }, "cancel_on[0].event"},
		{"cancel_on a list", TypeCron, func(s *Spec) { s.CancelOn = []CancelOn{{Event: "x", Match: map[string]any{"a": []any{}}}} }, "cancel_on[0].match.a"},
		{"B53 a condition of 2 KiB", TypeEvent, func(s *Spec) { s.When = strings.Repeat("a", 2048) }, "when"},
		{"schedule of an event job", TypeEvent, func(s *Spec) { s.Schedule = "@hourly" }, "schedule"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := specFor(tt.typ, tt.edit)
			problems := s.ValidateAt(noon)
			var got []string
			for _, p := range problems {
				got = append(got, p.Field)
				if p.Code == "" || p.Message == "" || strings.ContainsAny(p.Message, "\n\x1b") {
					t.Errorf("problem %+v: code and one clean line wanted", p)
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("fields at fault = %q, want %q (%+v)", got, tt.want, problems)
			}
			if CodeOf(problems.Err()) != Invalid {
				t.Errorf("code = %q, want invalid", CodeOf(problems.Err()))
			}
		})
	}
}

func TestValidateAccepts(t *testing.T) {
	tests := []struct {
		name string
		typ  Type
		edit func(s *Spec)
	}{
		{"cron", TypeCron, nil},
		{"one-time", TypeOneTime, nil},
		{"recurring", TypeRecurring, nil},
		{"event", TypeEvent, nil},
		{"B18 seven fields", TypeCron, func(s *Spec) { s.Schedule = "0 0 12 1 1 ? 2030" }},
		{"B21 wrap-around range", TypeCron, func(s *Spec) { s.Schedule = "5-1 * * * *" }},
		{"B26 each second", TypeCron, func(s *Spec) { s.Schedule = "* * * * * *" }},
		{"B28 tabs", TypeCron, func(s *Spec) { s.Schedule = "0\t2 * *  *" }},
		{"B30 60 s ago", TypeOneTime, func(s *Spec) { x := noon.Add(-time.Minute); s.ExecuteAt = &x }},
		{"B30 far away", TypeOneTime, func(s *Spec) { x := noon.AddDate(500, 0, 0); s.ExecuteAt = &x }},
		{"B36 no limit", TypeCron, func(s *Spec) { s.TimeoutMS = 0 }},
		{"B8 an escaped backslash before u", TypeCron, func(s *Spec) { s.Payload = json.RawMessage(`{"a":"\\u0000 \ud83d\ude00"}`) }},
		{"128 bytes", TypeCron, func(s *Spec) { s.Name = strings.Repeat("a", 128) }},
		{"tags", TypeCron, func(s *Spec) { s.Tags = []string{"a", "team:ops", "größe=3"} }},
		{"queue", TypeCron, func(s *Spec) { s.Overlap = OverlapQueueAll }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := specFor(tt.typ, tt.edit)
			if err := s.ValidateAt(noon).Err(); err != nil {
				t.Errorf("ValidateAt: %v", err)
			}
		})
	}
}

// TestNormalizeDerives holds what follows from other fields.
func TestNormalizeDerives(t *testing.T) {
	tests := []struct {
		name        string
		edit        func(s *Spec)
		overlap     Overlap
		concurrency int
		onLost      OnLost
	}{
		{"nothing said", func(*Spec) {}, OverlapSkip, 1, OnLostRetry},
		{"no retries", func(s *Spec) { s.MaxRetries = 0 }, OverlapSkip, 1, OnLostFail},
		{"no retries, told to", func(s *Spec) { s.MaxRetries, s.OnLost = 0, OnLostRetry }, OverlapSkip, 1, OnLostRetry},
		{"concurrency", func(s *Spec) { s.Concurrency = 5 }, OverlapAllow, 5, OnLostRetry},
		{"allow", func(s *Spec) { s.AllowOverlap = true }, OverlapAllow, OpenConcurrency, OnLostRetry},
		{"allow one", func(s *Spec) { s.AllowOverlap, s.Concurrency = true, 1 }, OverlapAllow, 1, OnLostRetry},
		{"overlap allow", func(s *Spec) { s.Overlap = OverlapAllow }, OverlapAllow, OpenConcurrency, OnLostRetry},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := specFor(TypeCron, tt.edit)
			if s.Overlap != tt.overlap || s.Concurrency != tt.concurrency || s.OnLost != tt.onLost || s.AllowOverlap != (tt.overlap == OverlapAllow) {
				t.Errorf("got overlap %s, concurrency %d, on_lost %s, allow %t", s.Overlap, s.Concurrency, s.OnLost, s.AllowOverlap)
			}
			if err := s.Validate().Err(); err != nil {
				t.Errorf("Validate: %v", err)
			}
			again := s
			again.Normalize(StandardDefaults())
			if !reflect.DeepEqual(again, s) {
				t.Errorf("a normal Spec changed: %+v, was %+v", again, s)
			}
		})
	}
}

func TestForgetDerived(t *testing.T) {
	d := StandardDefaults()
	edit := func(s Spec, fields string, change func(s *Spec)) Spec {
		s.ForgetDerived(d, func(f string) bool { return slices.Contains(strings.Fields(fields), f) })
		change(&s)
		s.Normalize(d)
		return s
	}
	plain := specFor(TypeCron, nil)
	if s := edit(plain, "max_retries", func(s *Spec) { s.MaxRetries = 0 }); s.OnLost != OnLostFail {
		t.Errorf("on_lost = %s after max_retries 0, want fail", s.OnLost)
	}
	if s := edit(plain, "concurrency", func(s *Spec) { s.Concurrency = 5 }); s.Overlap != OverlapAllow {
		t.Errorf("overlap = %s after concurrency 5, want allow", s.Overlap)
	}
	if s := edit(plain, "overlap", func(s *Spec) { s.Overlap, s.AllowOverlap = OverlapAllow, true }); s.Concurrency != OpenConcurrency {
		t.Errorf("concurrency = %d after overlap allow, want %d", s.Concurrency, OpenConcurrency)
	}
	if s := edit(plain, "retry_delay_ms", func(s *Spec) { s.RetryDelayMS = 7_200_000 }); s.RetryMaxDelayMS != 7_200_000 {
		t.Errorf("retry_max_delay_ms = %d, want it to follow the delay", s.RetryMaxDelayMS)
	}
	five := specFor(TypeCron, func(s *Spec) { s.Concurrency = 5 })
	if s := edit(five, "allow_overlap", func(s *Spec) { s.AllowOverlap, s.Overlap = false, OverlapSkip }); s.Validate().Err() == nil {
		t.Errorf("concurrency 5 with overlap skip was accepted")
	}
}

func TestNearest(t *testing.T) {
	for word, want := range map[string]string{"shedule": "schedule", "SCHEDULE": "schedule", "retires": "retries", "zzz": "", "": ""} {
		if got := Nearest(word, []string{"schedule", "retries", "name"}); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func ExampleProblems_Err() {
	s := specFor(TypeCron, func(s *Spec) { s.Schedule, s.Priority = "0 25 * * MON", "hgih" })
	for _, p := range s.Validate() {
		fmt.Println(p.Field+":", p.Message)
	}
	// Output:
	// schedule: hour: 25 is outside 0–23 (at 3)
	// priority: "hgih" is not one of low, medium, high, critical; did you mean "high"?
}
