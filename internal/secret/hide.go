package secret

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Values shorter than minHidden bytes are not hidden: they stand in words, too. Parts of a
// value and coded forms must be longer.
const (
	minHidden = 6
	minPart   = 12
)

// hider replaces the forms of secrets.
func hider(secrets []Secret) *strings.Replacer {
	type form struct{ text, mark string }
	var forms []form
	for _, s := range secrets {
		mark := "[redacted:" + s.Name + "]"
		for _, text := range formsOf(s.Value) {
			forms = append(forms, form{text, mark})
		}
	}
	// Of forms that begin at one place the longest is replaced.
	slices.SortStableFunc(forms, func(a, b form) int { return cmp.Compare(len(b.text), len(a.text)) })
	pairs := make([]string, 0, 2*len(forms))
	for _, f := range forms {
		pairs = append(pairs, f.text, f.mark)
	}
	return strings.NewReplacer(pairs...)
}

// formsOf is how a value may look: as it is, line by line when it has several, escaped as
// JSON, Go and URLs do, and in hexadecimal digits and base64.
func formsOf(value string) []string {
	if len(value) < minHidden {
		return nil
	}
	forms := []string{value}
	if lines := strings.Split(value, "\n"); len(lines) > 1 {
		for _, line := range lines {
			if line = strings.TrimSpace(line); len(line) >= minPart {
				forms = append(forms, line)
			}
		}
	}
	for _, plain := range slices.Clone(forms) {
		forms = append(forms, inJSON(plain, true), inJSON(plain, false), strings.Trim(strconv.Quote(plain), `"`), url.QueryEscape(plain), url.PathEscape(plain),
			strings.TrimPrefix(url.UserPassword("", plain).String(), ":"))
		coded := []string{hex.EncodeToString([]byte(plain)), strings.ToUpper(hex.EncodeToString([]byte(plain)))}
		coded = append(append(coded, inBase64(plain, base64.StdEncoding)...), inBase64(plain, base64.URLEncoding)...)
		for _, text := range coded {
			if len(text) >= minPart {
				forms = append(forms, text)
			}
		}
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

// inJSON is a text as it stands within a string of JSON.
func inJSON(text string, html bool) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(html)
	_ = e.Encode(text) // a string can be encoded
	return strings.TrimSuffix(strings.TrimPrefix(b.String(), `"`), "\"\n")
}

// inBase64 is what a text comes to wherever it begins in what is encoded. Characters that
// depend on a neighbour are left out.
func inBase64(text string, e *base64.Encoding) []string {
	forms := []string{e.EncodeToString([]byte(text))} // by itself, its last character and all
	for shift := range 3 {
		whole := e.EncodeToString(append(make([]byte, shift), text...))
		forms = append(forms, whole[(shift*8+5)/6:(shift+len(text))*8/6])
	}
	return forms
}
