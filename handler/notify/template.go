package notify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
)

// names lists what placeholders of the run may say.
var names = []string{
	"job.id", "job.name", "platform",
	"run.attempt", "run.id", "run.number", "run.occurrence", "run.scheduled_at", "run.trigger",
}

// scope is what placeholders stand for.
type scope struct {
	payload any           // decoded; numbers as they were written
	task    *handler.Task // nil while a payload is only checked
}

// scopeOf reads a payload that is JSON.
func scopeOf(payload json.RawMessage, t *handler.Task) scope {
	s := scope{task: t}
	d := json.NewDecoder(bytes.NewReader(payload))
	d.UseNumber()
	_ = d.Decode(&s.payload) // an empty one has no members
	return s
}

// fill replaces the placeholders of a text, each value escaped. The error, in words for
// whoever wrote the text, names the first that stands for nothing.
func (s scope) fill(text string, escape func(string) string) (string, error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{{")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		path, after, closed := strings.Cut(rest, "}}")
		if !closed || len(path) > maxPlaceholder {
			return "", fmt.Errorf("holds {{ without }}")
		}
		value, err := s.value(strings.TrimSpace(path))
		if err != nil {
			return "", err
		}
		b.WriteString(escape(value))
		text = after
	}
}

// value looks a placeholder up.
func (s scope) value(path string) (string, error) {
	root, rest, _ := strings.Cut(path, ".")
	switch {
	case slices.Contains(names, path):
		return s.ofRun(path), nil
	case root == "payload" && rest != "":
		return s.member(path, rest)
	case root == "data" && rest != "":
		return s.member(path, path)
	}
	return "", fmt.Errorf("holds {{%s}}, which is not known: write {{payload.NAME}}, {{data.NAME}} or one of %s", path, strings.Join(names, ", "))
}

// member looks a path up in the payload.
func (s scope) member(placeholder, path string) (string, error) {
	at := s.payload
	for name := range strings.SplitSeq(path, ".") {
		object, _ := at.(map[string]any)
		value, ok := object[name]
		if !ok {
			return "", fmt.Errorf("holds {{%s}}, and the payload has no %s", placeholder, path)
		}
		at = value
	}
	switch v := at.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	}
	raw, err := json.Marshal(at)
	return string(raw), err
}

// ofRun says what a placeholder of the run stands for; nothing while there is no run.
func (s scope) ofRun(path string) string {
	t := s.task
	if t == nil {
		return ""
	}
	switch path {
	case "job.id":
		return t.JobID.String()
	case "job.name":
		return t.JobName
	case "platform":
		return t.Platform
	case "run.attempt":
		return strconv.Itoa(t.Attempt)
	case "run.id":
		return t.ExecutionID.String()
	case "run.number":
		return strconv.FormatInt(t.RunNumber, 10)
	case "run.occurrence":
		return strconv.FormatInt(t.Occurrence, 10)
	case "run.scheduled_at":
		return t.ScheduledAt.UTC().Format(time.RFC3339)
	}
	return string(t.Trigger)
}

// The ways to escape a value.
func plain(s string) string      { return s }
func escapeHTML(s string) string { return html.EscapeString(s) }

// escapeSlack keeps a value from being a link, or a call of everybody.
func escapeSlack(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
