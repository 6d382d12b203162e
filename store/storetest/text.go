package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// textTests are about text and JSON that databases treat differently. What one of
// them cannot keep at all ("\u0000", lone surrogates, 1e400000, duplicate keys,
// bytes that are not UTF-8) is refused before it comes to a store.
func textTests() []test {
	return []test{
		{"JSON keeps its meaning, numbers every digit", testTextJSON},
		{"names of any script are kept", testTextNames},
		{"descriptions are kept to the byte", testTextDescription},
		{"tags are kept in order, with any characters", testTextTags},
		{"empty lists and empty texts are kept apart from nothing", testTextEmpty},
		{"quotes and SQL are text", testTextSQL},
		{"texts of the largest size are kept", testTextLarge},
		{"errors and stacks of an execution are kept", testTextErrors},
	}
}

var documents = []string{
	`{}`,
	`{"big":9007199254740993,"negative":-9223372036854775809,"huge":123456789012345678901234567890}`,
	`{"exact":0.1,"trailing":1.50,"small":0.000000000000000000001}`,
	`{"html":"<a href=\"x\">&amp;</a>","slash":"a/b","escaped":"a\/b"}`,
	`{"é":"\u00e9","pair":"\ud83d\ude00","literal":"😀","line":"\u2028\u2029","tab":"\t\r\n","bell":"\u0007"}`,
	`{"":"empty key"," ":"blank","a.b":1,"$c":2,"A":1,"a":2}`,
	`{"deep":[[[[[[{"x":[null,true,false,[],{}]}]]]]]]}`,
	`{"z":1,"y":2,"x":3}`,
	` { "spaced" : [ 1 , 2 ] } `,
}

func testTextJSON(t *testing.T, b *bench) {
	s := b.session()
	for _, text := range documents {
		raw := json.RawMessage(text)
		j := b.job("", func(j *job.Job) { j.Payload, j.Metadata = raw, raw })
		got := b.get(j.ID)
		b.wantSame("payload of a job", raw, got.Payload)
		b.wantSame("metadata of a job", raw, got.Metadata)
		e := b.trigger(j.ID, func(t *store.Trigger) { t.Payload = raw })
		c := b.take(s, e.ID)
		b.wantSame("payload of a definition", raw, c.Job.Payload)
		b.wantSame("payload of a claim", raw, c.Payload)
		b.end(s, c, job.EventSucceed, func(s *store.Settlement) { s.Result = raw })
		after := b.execution(e.ID)
		b.wantSame("payload of an execution", raw, after.Payload)
		b.wantSame("result of an execution", raw, after.Result)
	}
	j := b.job("")
	for _, text := range []string{`"text"`, `42`, `9007199254740993`, `[1,"a"]`, `true`, `""`} {
		c := b.start(s, j.ID)
		b.end(s, c, job.EventSucceed, func(s *store.Settlement) { s.Result = json.RawMessage(text) })
		b.wantSame("result "+text, json.RawMessage(text), b.execution(c.ID).Result)
	}
	if !json.Valid(b.get(j.ID).Payload) {
		t.Errorf("payload %s is not JSON", b.get(j.ID).Payload)
	}
}

func testTextNames(_ *testing.T, b *bench) {
	for _, name := range []string{"žluťoučký kůň", "日本語ジョブ", "🙂🙃", "العربية", "İstanbul", "straße", "ﬁ", "a\u0301", "\u00e1", "\u200b", strings.Repeat("x", job.MaxNameLen)} {
		j := b.job("", named(name))
		got, err := b.store.Job(b.ctx, b.platform, name)
		if err != nil || got.ID != j.ID || got.Name != name {
			b.Errorf("Job(%q) = %q, %v; want it, no error", name, got.Name, err)
		}
		page := b.list(store.JobFilter{Names: []string{name}})
		b.wantSame("jobs of that name", []string{name}, jobNames(page.Items))
		b.wantSame("jobs that contain that name", true, contains(jobNames(b.list(store.JobFilter{NameContains: name}).Items), name))
		b.wantSame("jobs whose name matches", []string{name}, jobNames(b.list(store.JobFilter{NameGlobs: []string{name}}).Items))
	}
	// Without case means ASCII letters, as not every store knows the others.
	for contained, want := range map[string]int{"STRA": 1, "STRASSE": 0, "ŽLU": 0, "i̇": 0} {
		wantEqual(b, "jobs that contain "+contained, len(b.list(store.JobFilter{NameContains: contained}).Items), want)
	}
}

func testTextDescription(_ *testing.T, b *bench) {
	for _, text := range []string{"", " ", "line\nline\r\n\ttab", "\x1b[31mred\x1b[0m\a\b", "trailing  ", "\ufeffmark", "a\u0301 is not \u00e1", `\n \\ \x00`} {
		j := b.job("", func(j *job.Job) { j.Description = text })
		wantEqual(b, "description", b.get(j.ID).Description, text)
	}
}

func testTextTags(_ *testing.T, b *bench) {
	tags := []string{"z", "a", "with space", "a,b", `quote"d`, "it's", "%", "_", "{x}", "日本", "A", "null", "NULL", `back\slash`}
	j := b.job("", func(j *job.Job) { j.Tags = tags })
	b.wantSame("tags", tags, b.get(j.ID).Tags)
	for _, tag := range tags {
		wantEqual(b, "jobs with tag "+tag, len(b.list(store.JobFilter{Tags: []string{tag}}).Items), 1)
		wantEqual(b, "jobs with tags "+tag, len(b.list(store.JobFilter{TagsAll: []string{tag, "z"}}).Items), 1)
	}
	for _, tag := range []string{"Z", "with", "b", "x", "", "a,"} {
		wantEqual(b, "jobs with tag "+tag, len(b.list(store.JobFilter{Tags: []string{tag}}).Items), 0)
	}
	b.change(j.ID, func(c *job.Changed, _ job.State) { c.Job.Tags = []string{"new", "a"} })
	wantEqual(b, "jobs with an old tag", len(b.list(store.JobFilter{Tags: []string{"z"}}).Items), 0)
	wantEqual(b, "jobs with a new tag", len(b.list(store.JobFilter{Tags: []string{"new"}}).Items), 1)
	b.change(j.ID, func(c *job.Changed, _ job.State) { c.Job.Tags = nil })
	wantEqual(b, "jobs with no tag", len(b.list(store.JobFilter{Tags: []string{"new", "a"}}).Items), 0)
}

func testTextEmpty(_ *testing.T, b *bench) {
	j := b.job("", func(j *job.Job) { j.Tags, j.Metadata = []string{}, nil })
	got := b.get(j.ID)
	if got.Tags == nil || len(got.Tags) != 0 {
		b.Errorf("tags = %#v, want an empty list", got.Tags)
	}
	if len(got.Metadata) != 0 {
		b.Errorf("metadata = %s, want none", got.Metadata)
	}
	filter := store.JobFilter{
		Types: []job.Type{}, Statuses: []job.JobStatus{}, Tags: []string{}, TagsAll: []string{}, Names: []string{}, NameGlobs: []string{}, Handlers: []string{},
	}
	wantEqual(b, "jobs by a filter of empty lists", len(b.list(filter).Items), 1)
	e := b.trigger(j.ID)
	page := b.history(store.ExecutionFilter{Statuses: []job.Status{}, Triggers: []job.Trigger{}})
	wantEqual(b, "executions by a filter of empty lists", len(page.Items), 1)
	s := b.session()
	b.end(s, b.take(s, e.ID), job.EventSucceed)
	after := b.execution(e.ID)
	if after.Result != nil || after.ExitCode != nil || after.Payload != nil || after.RetryOf != nil {
		b.Errorf("result %s, exit code %v, payload %s, retry_of %v; want none of them", after.Result, after.ExitCode, after.Payload, after.RetryOf)
	}
}

func testTextSQL(_ *testing.T, b *bench) {
	text := `'; DROP TABLE jobs; -- " $1 ?1 :a @b %s {} \`
	j := b.job("", named(text), func(j *job.Job) {
		j.Description, j.HandlerName, j.CreatedBy, j.Seed, j.Tags = text, text, text, text, []string{text}
	})
	for what, f := range map[string]store.JobFilter{
		"name": {Names: []string{text}}, "part": {NameContains: text}, "handler": {Handlers: []string{text}}, "creator": {CreatedBy: text}, "tag": {Tags: []string{text}},
	} {
		wantEqual(b, "jobs by "+what, len(b.list(f).Items), 1)
	}
	b.wantSame("the job", j, b.get(j.ID))
	_, _, err := b.create(b.build("", named("other")), text, text)
	b.wantCode("CreateJob with such a key", err, "")
	_, replayed, err := b.create(b.build("", named("third")), text, text)
	b.wantCode("CreateJob with such a key again", err, "")
	wantEqual(b, "replayed", replayed, true)
}

func testTextLarge(_ *testing.T, b *bench) {
	payload := json.RawMessage(fmt.Sprintf(`{"x":%q}`, strings.Repeat("ü", (job.MaxPayload-10)/2)))
	j := b.job("", func(j *job.Job) {
		j.Payload = payload
		j.Description = strings.Repeat("d", job.MaxTextLen)
		j.Metadata = json.RawMessage(fmt.Sprintf(`{"x":%q}`, strings.Repeat("m", job.MaxMetadata-10)))
		for i := range job.MaxTags {
			j.Tags = append(j.Tags, fmt.Sprintf("%02d", i)+strings.Repeat("t", job.MaxTagLen-2))
		}
	})
	b.wantSame("the job", j, b.get(j.ID))
	b.wantSame("payload", payload, b.get(j.ID).Payload)
	s := b.session()
	e := b.trigger(j.ID, func(t *store.Trigger) { t.Payload = payload })
	result := json.RawMessage(fmt.Sprintf(`{"x":%q}`, strings.Repeat("r", job.MaxResult-10)))
	b.end(s, b.take(s, e.ID), job.EventFail, func(s *store.Settlement) {
		s.Result, s.Error, s.ErrorStack = result, strings.Repeat("e", job.MaxErrorLen), strings.Repeat("s", job.MaxStackLen)
	})
	got := b.execution(e.ID)
	b.wantSame("payload of the execution", payload, got.Payload)
	b.wantSame("result", result, got.Result)
	b.wantSame("length of error and stack", []int{job.MaxErrorLen, job.MaxStackLen}, []int{len(got.Error), len(got.ErrorStack)})
}

func testTextErrors(_ *testing.T, b *bench) {
	s := b.session()
	j := b.job("")
	for _, text := range []string{"x", "a\nb", "%!s(<nil>)", "\x1b[1m", "日本", `'"\`, "\u2028"} {
		c := b.start(s, j.ID)
		b.end(s, c, job.EventRetry, func(s *store.Settlement) { s.Error, s.ErrorClass, s.RetryAt = text, text, b.now })
		c = b.take(s, c.ID)
		b.end(s, c, job.EventFail, func(s *store.Settlement) { s.Error, s.ErrorClass, s.ErrorStack = text, text, text })
		e := b.execution(c.ID)
		b.wantSame("error, class, stack", []string{text, text, text}, []string{e.Error, e.ErrorClass, e.ErrorStack})
		b.wantSame("error and class of the first attempt", []string{text, text}, []string{e.Attempts[0].Error, e.Attempts[0].ErrorClass})
	}
}
