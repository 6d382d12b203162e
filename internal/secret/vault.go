package secret

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/agentic-sdlc/scheduler/job"
)

// Scheme is how a reference to a secret begins.
const Scheme = "secret://"

// reference is a reference within a text.
var reference = regexp.MustCompile(Scheme + `([A-Za-z0-9][A-Za-z0-9_-]{0,63})?`)

// Secret is one value and who may have it.
type Secret struct {
	Name  string // what stands for it: secret://NAME, and [redacted:NAME]
	Value string
	// Handlers are those whose payloads may refer to it; none = nobody may, it is only
	// hidden.
	Handlers  []string
	Platforms []string // whose jobs may refer to it; empty = all
}

// Vault keeps secrets. It is safe for concurrent use; nil keeps none.
type Vault struct {
	secrets []Secret
	hide    *strings.Replacer
}

// New returns a vault.
func New(secrets []Secret) *Vault { return &Vault{secrets: secrets, hide: hider(secrets)} }

// Hide replaces every secret in a text by [redacted:NAME], whatever escapes it has.
func (v *Vault) Hide(text string) string {
	if v == nil {
		return text
	}
	return v.hide.Replace(text)
}

// HideJSON is Hide for a value of JSON, which stays one.
func (v *Vault) HideJSON(raw json.RawMessage) json.RawMessage {
	if v == nil || len(raw) == 0 {
		return raw
	}
	hidden := v.hide.Replace(string(raw))
	if hidden == string(raw) {
		return raw
	}
	if !json.Valid([]byte(hidden)) { // the secret was a number
		text, _ := json.Marshal(hidden)
		return text
	}
	return json.RawMessage(hidden)
}

// Resolve puts secrets in place of the references in the texts of a payload, for a handler
// and a platform. The error, with code invalid, names the places of references to what is
// not there, or is not for them: the two look the same.
func (v *Vault) Resolve(platform, handler string, payload json.RawMessage) (json.RawMessage, error) {
	if !bytes.Contains(payload, []byte(Scheme)) {
		return payload, nil
	}
	var root any
	d := json.NewDecoder(bytes.NewReader(payload))
	d.UseNumber()
	if err := d.Decode(&root); err != nil {
		return payload, nil // whoever runs it says so
	}
	r := resolver{v: v, platform: platform, handler: handler}
	root = r.resolve("payload", root)
	if err := r.problems.Err(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(root)
	return bytes.TrimRight(out.Bytes(), "\n"), err
}

// resolver walks one payload.
type resolver struct {
	v                 *Vault
	platform, handler string
	problems          job.Problems
}

func (r *resolver) resolve(place string, value any) any {
	switch t := value.(type) {
	case string:
		return reference.ReplaceAllStringFunc(t, func(ref string) string {
			s := r.v.find(strings.TrimPrefix(ref, Scheme), r.platform, r.handler)
			if s == nil {
				r.problems.Add(place, "unknown", "there is no secret %q for handler %q of platform %q", strings.TrimPrefix(ref, Scheme), r.handler, r.platform)
				return ref
			}
			return s.Value
		})
	case []any:
		for i := range t {
			t[i] = r.resolve(fmt.Sprintf("%s[%d]", place, i), t[i])
		}
	case map[string]any:
		for name := range t {
			t[name] = r.resolve(place+"."+name, t[name])
		}
	}
	return value
}

// find returns a secret that jobs of a platform may give to a handler; nil when there is
// none.
func (v *Vault) find(name, platform, handler string) *Secret {
	if v == nil {
		return nil
	}
	for i := range v.secrets {
		s := &v.secrets[i]
		if s.Name == name && slices.Contains(s.Handlers, handler) && (len(s.Platforms) == 0 || slices.Contains(s.Platforms, platform)) {
			return s
		}
	}
	return nil
}
