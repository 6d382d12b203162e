package stored

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Masked stands for a value that is not kept.
const Masked = "***"

// secretWords are the words of names whose values are not kept.
const secretWords = `passw(?:or)?d|passphrase|secret|token|authorization|cookie|api[_-]?key|access[_-]?key|private[_-]?key|credential|bearer`

var (
	secretName = regexp.MustCompile(`(?i)` + secretWords)
	// userinfo is the password in a URL.
	userinfo = regexp.MustCompile(`(://[^/@\s:]*:)[^/@\s]+@`)
	// parameter is a parameter of a URL that is called as keys and signatures are.
	parameter = regexp.MustCompile(`(?i)([?&](?:key|sig|signature|code|pass)=)[^&#\s"']+`)
	// assigned is a secret within a text: PASSWORD=x, "Authorization: x", ?token=x.
	assigned = regexp.MustCompile(`(?is)((?:` + secretWords + `)[a-z0-9_-]*["']?\s*[:=]).+`)
	// shown is a token of ours, wherever it stands.
	shown = regexp.MustCompile(`schd_[0-9A-Za-z]{8}_[0-9A-Za-z_-]+`)
)

// hints are in every text that has one of secretWords: looking for them is much quicker.
var hints = []string{"pass", "secret", "token", "auth", "cookie", "key", "credential", "bearer"}

// mayName reports whether one of secretWords may be in a text. Letters beyond ASCII may
// stand for others, so what has any may.
func mayName(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return true
		}
	}
	s = strings.ToLower(s)
	return slices.ContainsFunc(hints, func(hint string) bool { return strings.Contains(s, hint) })
}

// isSecretName reports whether a name says that its value is secret.
func isSecretName(name string) bool { return mayName(name) && secretName.MatchString(name) }

// reference is how a value begins that names a secret instead of holding it.
const reference = "secret://"

// Mask replaces what is secret in a value of decoded JSON: members by their names, the
// values of headers and variables by theirs, and in texts what follows such a name.
func Mask(v any) any {
	switch t := v.(type) {
	case string:
		return maskText(t)
	case []any:
		for i := range t {
			if i > 0 && isSecretFlag(t[i-1]) {
				t[i] = Masked
				continue
			}
			t[i] = Mask(t[i])
		}
	case map[string]any:
		name, _ := t["name"].(string)
		for key, member := range t {
			if isSecretName(key) || key == "value" && isSecretName(name) {
				t[key] = maskAll(member)
				continue
			}
			t[key] = Mask(member)
		}
	}
	return v
}

// maskAll masks a value whose name says that it is secret. What is not there, and what
// only names a secret, stays.
func maskAll(v any) any {
	if text, ok := v.(string); v == nil || ok && (text == "" || strings.HasPrefix(text, reference)) {
		return v
	}
	return Masked
}

func maskText(s string) string {
	if strings.HasPrefix(s, reference) {
		return s
	}
	s = userinfo.ReplaceAllString(s, "${1}"+Masked+"@")
	s = parameter.ReplaceAllString(s, "${1}"+Masked)
	s = shown.ReplaceAllString(s, Masked)
	if !mayName(s) {
		return s
	}
	return assigned.ReplaceAllString(s, "${1}"+Masked)
}

// isSecretFlag reports whether an argument is an option that a secret follows.
func isSecretFlag(v any) bool {
	s, ok := v.(string)
	return ok && strings.HasPrefix(s, "-") && !strings.ContainsAny(s, "= ") && isSecretName(s)
}
