package canary

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
)

// canary is a secret nobody has seen before.
type canary struct {
	name    string   // where it is let in
	core    string   // what is searched for; value holds it, amid what gets escaped
	value   string   // what is let in
	may     []string // how the names of the places begin in which it may be
	needles [][]byte // how core looks, plain and coded
}

// song is how the core of each canary begins, so that one search tells whether there is any.
const song = "cnryq"

// aviary are the canaries of a test. It is safe for concurrent use.
type aviary struct {
	t *testing.T

	mu     sync.Mutex
	all    []*canary
	songs  [][]byte // of all whose core begins with song
	places map[string]bool
	bytes  int
	seen   map[*canary]bool // found where it may be
	leaks  map[string]bool
}

func newAviary(t *testing.T) *aviary {
	return &aviary{t: t, songs: coded(song), places: map[string]bool{}, seen: map[*canary]bool{}, leaks: map[string]bool{}}
}

// mint makes a canary of letters and digits.
func (a *aviary) mint(name string, may ...string) *canary {
	core := song + strings.ToLower(rand.Text()[:20])
	return a.keep(&canary{name: name, core: core, value: core, may: may})
}

// mintOdd makes one amid characters that JSON, URLs, shells and YAML escape, each in its way.
func (a *aviary) mintOdd(name string, may ...string) *canary {
	c := a.mint(name, may...)
	c.value = `<p&"w` + c.core + `%/+ö`
	return c
}

// watch takes a secret of theirs for a canary.
func (a *aviary) watch(name, secret string, may ...string) *canary {
	if len(secret) < 16 {
		a.t.Errorf("%s: %q is no secret", name, secret)
	}
	return a.keep(&canary{name: name, core: secret, value: secret, may: may})
}

func (a *aviary) keep(c *canary) *canary {
	c.needles = coded(c.core)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, c)
	return c
}

// coded is a text as it is, in hexadecimal digits, and in base64 wherever it begins there.
func coded(text string) [][]byte {
	digits := hex.EncodeToString([]byte(text))
	all := [][]byte{[]byte(text), []byte(digits), []byte(strings.ToUpper(digits))}
	for shift := range 3 {
		// What shares its six bits with a neighbour is left out.
		whole := base64.StdEncoding.EncodeToString(append(make([]byte, shift), text...))
		from := (shift*8 + 5) / 6
		upto := (shift + len(text)) * 8 / 6
		all = append(all, []byte(whole[from:upto]))
	}
	return all
}

// search looks for every canary in what was found at a place.
func (a *aviary) search(place string, text []byte) {
	a.mu.Lock()
	a.places[place] = true
	a.bytes += len(text)
	all := slices.Clone(a.all)
	a.mu.Unlock()
	singing := slices.ContainsFunc(a.songs, func(n []byte) bool { return bytes.Contains(text, n) })
	for _, c := range all {
		if !singing && strings.HasPrefix(c.core, song) {
			continue
		}
		for _, needle := range c.needles {
			if i := bytes.Index(text, needle); i >= 0 {
				a.found(c, place, text, i, len(needle))
				break
			}
		}
	}
}

func (a *aviary) found(c *canary, place string, text []byte, at, length int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if slices.ContainsFunc(c.may, func(p string) bool { return strings.HasPrefix(place, p) }) {
		a.seen[c] = true
		return
	}
	leak := fmt.Sprintf("%s is in %s: …%.200q…", c.name, place, text[max(0, at-60):min(len(text), at+length+30)])
	a.leaks[leak] = true
}

// verdict fails the test for each leak, unless leaks are what it is about; it says what was
// searched.
func (a *aviary) verdict(title string) (leaks []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	leaks = slices.Sorted(maps.Keys(a.leaks))
	a.t.Logf("accept: %s: %d canaries, %d places, %.1f MB searched, %d leaks", title, len(a.all), len(a.places), float64(a.bytes)/1e6, len(leaks))
	for _, c := range a.all {
		if len(c.may) > 0 && !a.seen[c] {
			a.t.Errorf("%s was found nowhere, not even where it belongs: %s", c.name, strings.Join(c.may, " "))
		}
	}
	return leaks
}

// TestCoded checks that coded secrets are found whatever is before and after them.
func TestCoded(t *testing.T) {
	t.Parallel()
	a := newAviary(t)
	c := a.mint("here")
	for shift := range 4 {
		text := strings.Repeat("u", shift) + ":" + c.value + "@host"
		for name, coded := range map[string]string{
			"plain": text, "hex": hex.EncodeToString([]byte(text)), "base64": base64.StdEncoding.EncodeToString([]byte(text)), "url": base64.RawURLEncoding.EncodeToString([]byte(text)),
		} {
			place := fmt.Sprintf("%s %d", name, shift)
			a.search(place, []byte("x"+coded))
			if !slices.ContainsFunc(slices.Collect(maps.Keys(a.leaks)), func(l string) bool { return strings.Contains(l, "here is in "+place+":") }) {
				t.Errorf("not found in %s", place)
			}
		}
	}
	a.search("nothing", []byte(song))
	if len(a.leaks) != 16 {
		t.Errorf("%d leaks, want 16", len(a.leaks))
	}
}
