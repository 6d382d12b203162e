package jobfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// The table has every field of the API that a file may have, and no other.
func TestTableIsTheAPI(t *testing.T) {
	t.Parallel()
	var want []string
	for _, sf := range reflect.VisibleFields(reflect.TypeFor[api.JobDefinition]()) {
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if name != "" && name != "-" && name != "id" && name != "in" {
			want = append(want, name)
		}
	}
	var got []string
	for _, f := range fields {
		if f.means == "" {
			got = append(got, f.name)
		} else if fieldNamed(f.means) == nil {
			t.Errorf("%s is short for %s, which is no field", f.name, f.means)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Errorf("the table has %v, the API %v", got, want)
	}
	for word, name := range meant {
		if fieldNamed(name) == nil || fieldNamed(word) != nil {
			t.Errorf("%s is said to mean %s", word, name)
		}
	}
}

// The committed schema is what the program prints.
func TestCommittedSchema(t *testing.T) {
	t.Parallel()
	kept, err := os.ReadFile("../docs/job.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, Schema()) {
		t.Error("docs/job.schema.json is stale: run make generate")
	}
}

// base is a job of a type with room for one more field.
func base(typ string) map[string]any {
	b := map[string]any{"type": typ, "name": "a", "handler_name": "h"}
	switch typ {
	case "one_time":
		b["execute_at"] = "2026-01-01T00:00:00Z"
	case "event":
		b["event_name"] = "ticket:created"
	case "recurring":
		b["start_date"] = "2026-01-01T00:00:00Z"
		fallthrough
	default:
		b["schedule"] = "@daily"
	}
	return b
}

// fits are what some fields need beside them.
var fits = map[string]map[string]any{
	"concurrency":     {"overlap": "allow"},
	"retry_delay_ms":  {"retry_max_delay_ms": job.MaxRetryDelayMS},
	"retry_delay":     {"retry_max_delay_ms": job.MaxRetryDelayMS},
	"retry_max_delay": {"retry_delay_ms": 0}, "retry_max_delay_ms": {"retry_delay_ms": 0},
	"misfire_grace_ms": {"misfire": "fire_once"},
}

// TestSchemaAgrees: of values at and beyond every bound of the table, the schema takes
// those that the reader takes.
func TestSchemaAgrees(t *testing.T) {
	t.Parallel()
	jobs := jobSchema()
	for i := range fields {
		f := &fields[i]
		for _, v := range candidates(f) {
			def := base("cron")
			if f.name == "start_date" || f.name == "end_date" || f.name == "max_executions" {
				def = base("recurring")
			}
			for name, value := range fits[f.name] {
				def[name] = value
			}
			if f.means == "payload" {
				delete(def, "handler_name")
			}
			if f.name == "execute_at" {
				def = base("one_time")
			}
			if f.name == "event_name" || f.name == "delay_ms" || f.name == "debounce_ms" || f.name == "after" {
				def = base("event")
			}
			if f.name == "type" {
				if s, ok := v.(string); ok && s == "one_time" || s == "recurring" || s == "event" {
					def = base(s)
				}
			}
			def[f.name] = v
			raw, _ := json.Marshal(def)
			set := Parse("f.json", raw)
			set.Check(job.StandardDefaults())
			var decoded any
			_ = json.Unmarshal(raw, &decoded)
			fault := jobs.check(decoded)
			if (fault == "") != (len(set.Problems) == 0) {
				t.Errorf("%s = %.60v: the schema says %q, the reader %.300v", f.name, v, fault, set.Problems)
			}
		}
	}
	if fault := jobs.check(map[string]any{"type": "cron", "name": "a", "nmae": "b"}); fault == "" {
		t.Error("the schema takes an unknown field")
	}
}

// candidates are good and bad values of a field.
func candidates(f *field) []any {
	all := []any{nil, true, 1.5, map[string]any{}, []any{1}}
	switch f.shape {
	case word:
		all = append(all, "bogus", "")
		for _, w := range f.words {
			if !(f.name == "overlap" && w == "") {
				all = append(all, w)
			}
		}
	case integer:
		all = append(all, f.min, f.max, f.min-1, f.max+1, 0, -1)
	case text:
		all = append(all, "")
		switch f.name {
		case "name", "handler_name":
			all = append(all, "x", strings.Repeat("n", job.MaxNameLen), strings.Repeat("n", job.MaxNameLen+1), "a b", ".a")
		case "description":
			all = append(all, strings.Repeat("d", job.MaxTextLen), strings.Repeat("d", job.MaxTextLen+1))
		}
	case flag:
		all = append(all, false, "true")
	case duration:
		all = append(all, "90s", "1h30m", "0d20h", "-5m", "5", "many", "0")
	case words:
		all = append(all, []any{}, []any{"a", "b"}, []any{"a", 1}, "a")
		if f.name == "tags" {
			all = append(all, []any{"a", "a"})
		}
	case instant:
		all = append(all, "2026-11-22T17:30:00Z", "2026-11-22T17:30:00+02:00")
	}
	if f.name == "description" || f.name == "shell" || f.name == "url" {
		all = slices.DeleteFunc(all, func(v any) bool { return v == "" })
	}
	if f.name == "command" || f.name == "tags" {
		all = slices.DeleteFunc(all, func(v any) bool { l, ok := v.([]any); return ok && len(l) == 0 })
	}
	if f.name == "retry_max_delay" { // a pattern has no bounds
		all = slices.DeleteFunc(all, func(v any) bool { return v == "0" })
	}
	return all
}

// check is as much of a validator as the schema needs; "" is valid.
func (s *schema) check(v any) string {
	if len(s.AnyOf) > 0 && !slices.ContainsFunc(s.AnyOf, func(alt *schema) bool { return alt.check(v) == "" }) {
		return "none fits"
	}
	text, isText := v.(string)
	number, isNumber := v.(float64)
	list, isList := v.([]any)
	object, isObject := v.(map[string]any)
	_, isFlag := v.(bool)
	switch {
	case s.Type == "string" && !isText, s.Type == "boolean" && !isFlag, s.Type == "array" && !isList, s.Type == "object" && !isObject,
		s.Type == "integer" && (!isNumber || number != float64(int64(number))):
		return fmt.Sprintf("%v is no %s", v, s.Type)
	case s.Const != nil && (!isNumber || number != float64(*s.Const)):
		return "not the constant"
	case s.Minimum != nil && number < float64(*s.Minimum), s.Maximum != nil && number > float64(*s.Maximum):
		return "out of range"
	case isText && (len(text) < s.MinLength || s.MaxLength > 0 && len(text) > s.MaxLength):
		return "length"
	case isText && s.Pattern != "" && !matches(s.Pattern, text):
		return "pattern"
	case isText && len(s.Enum) > 0 && !slices.Contains(s.Enum, text):
		return "not allowed"
	case isList && s.MaxItems > 0 && int64(len(list)) > s.MaxItems:
		return "too many"
	case isList && s.Unique && len(list) == 2 && reflect.DeepEqual(list[0], list[1]):
		return "twice"
	}
	for _, item := range list {
		if s.Items != nil {
			if fault := s.Items.check(item); fault != "" {
				return fault
			}
		}
	}
	for _, name := range s.Required {
		if _, ok := object[name]; !ok {
			return name + " is required"
		}
	}
	for name, value := range object {
		i := slices.IndexFunc(s.Properties, func(p property) bool { return p.name == name })
		switch {
		case i < 0 && s.Additional != nil:
			return "unknown " + name
		case i >= 0:
			if fault := s.Properties[i].schema.check(value); fault != "" {
				return name + ": " + fault
			}
		}
	}
	return ""
}

func matches(pattern, text string) bool { return regexp.MustCompile(pattern).MatchString(text) }
