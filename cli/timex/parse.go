package timex

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// Reader reads instants relative to Now, in Zone unless the text names another.
type Reader struct {
	Now  time.Time
	Zone *time.Location
}

// Instant is what a text was taken for.
type Instant struct {
	At   time.Time
	Zone *time.Location // the zone it was read in
}

// Future reads an instant; times of day without a day are the next ones to come.
// The error has code invalid and a hint.
func (r Reader) Future(text string) (Instant, error) { return r.parse(text, false) }

// Past reads an instant; times of day without a day are the last ones, bare
// durations mean "ago", and a day alone means its first moment.
func (r Reader) Past(text string) (Instant, error) { return r.parse(text, true) }

// Bound reads an instant as Future does, but a day alone means its first moment: it is
// where a span begins or ends.
func (r Reader) Bound(text string) (Instant, error) {
	return phrase{text: text, now: r.Now, zone: r.Zone, days: true}.parse()
}

func (r Reader) parse(text string, past bool) (Instant, error) {
	return phrase{text: text, now: r.Now, zone: r.Zone, past: past, days: past}.parse()
}

func (p phrase) parse() (Instant, error) {
	p.words = strings.Fields(p.text)
	if len(p.words) == 0 {
		return Instant{}, p.unknown("")
	}
	if err := p.takeZone(); err != nil {
		return Instant{}, err
	}
	for i, w := range p.words {
		p.words[i] = strings.ToLower(w)
	}
	at, err := p.read()
	if err != nil {
		return Instant{}, err
	}
	if at.Year() < 1 || at.Year() > 9999 {
		return Instant{}, job.Errorf(job.Invalid, "%q lies outside the years 1 to 9999", clip(p.text))
	}
	return Instant{At: at.UTC(), Zone: p.zone}, nil
}

// phrase is a text that is being read.
type phrase struct {
	text  string
	words []string
	now   time.Time
	zone  *time.Location
	past  bool // it looks back
	days  bool // a day alone means its first moment
}

// takeZone removes a zone at the end.
func (p *phrase) takeZone() error {
	last := p.words[len(p.words)-1]
	if len(p.words) == 1 || !strings.Contains(last, "/") && !strings.EqualFold(last, "utc") {
		return nil
	}
	if strings.EqualFold(last, "utc") {
		last = "UTC"
	}
	zone, err := time.LoadLocation(last)
	if err != nil {
		return job.Errorf(job.Invalid, "unknown time zone %q in %q", last, clip(p.text)).
			WithHint("examples: UTC, Europe/Berlin, America/New_York")
	}
	p.zone, p.words = zone, p.words[:len(p.words)-1]
	return nil
}

// read tries each form of the grammar.
func (p *phrase) read() (time.Time, error) {
	first, rest := p.words[0], p.words[1:]
	switch {
	case first == "now" && len(rest) == 0:
		return p.now, nil
	case first == "in" && len(rest) > 0:
		d, err := p.duration(rest)
		return p.now.Add(d), err
	case first[0] == '+' && len(rest) == 0:
		d, err := p.duration([]string{first[1:]})
		return p.now.Add(d), err
	case p.past && first[0] == '-' && len(first) > 1 && len(rest) == 0:
		d, err := ParseDuration(first[1:])
		return p.now.Add(-d), err
	case p.words[len(p.words)-1] == "ago" && len(rest) > 0:
		d, err := p.duration(p.words[:len(p.words)-1])
		return p.now.Add(-d), err
	case first[0] == '@' && len(rest) == 0:
		return p.unix(first[1:])
	case len(first) >= 10 && first[4] == '-' && first[7] == '-':
		return p.date()
	case p.past && len(rest) == 0 && '0' <= first[0] && first[0] <= '9' && !strings.Contains(first, ":"):
		d, err := ParseDuration(first)
		return p.now.Add(-d), err
	}
	return p.dayAndTime()
}

// duration reads one compact duration or words.
func (p *phrase) duration(words []string) (time.Duration, error) {
	if d, ok := parseWords(words); ok {
		return d, nil
	}
	if len(words) != 1 {
		return 0, p.unknown(`after "in" comes a duration`)
	}
	return ParseDuration(words[0])
}

// unix reads Unix seconds.
func (p *phrase) unix(digits string) (time.Time, error) {
	n, err := strconv.ParseInt(digits, 10, 40)
	if err != nil {
		return time.Time{}, p.unknown("")
	}
	return time.Unix(n, 0), nil
}

// date reads RFC 3339, or a date with a time of day in the phrase's zone.
func (p *phrase) date() (time.Time, error) {
	joined := strings.ToUpper(strings.Join(p.words, "T"))
	if t, err := time.Parse(time.RFC3339, joined); err == nil {
		return t, nil
	}
	dateText, clockText, hasClock := strings.Cut(joined, "T")
	date, err := time.Parse(time.DateOnly, dateText)
	if err != nil {
		return time.Time{}, p.unknown("no such date")
	}
	if !hasClock {
		return p.dayAlone(date)
	}
	w, ok, err := parseWall(strings.ToLower(strings.TrimPrefix(clockText, "ATT"))) // "at" between the two
	if err != nil || !ok {
		return time.Time{}, p.orUnknown(err)
	}
	return w.on(date, p.zone)
}

// dayAndTime reads [day] [at] time.
func (p *phrase) dayAndTime() (time.Time, error) {
	words := p.words
	today := p.now.In(p.zone)
	day, skip, named := p.day(today, words)
	words = words[skip:]
	if named && len(words) == 0 {
		return p.dayAlone(day)
	}
	if len(words) == 2 && words[0] == "at" {
		words = words[1:]
	}
	if len(words) != 1 {
		return time.Time{}, p.unknown("")
	}
	w, ok, err := parseWall(words[0])
	if err != nil || !ok {
		return time.Time{}, p.orUnknown(err)
	}
	at, err := w.on(day, p.zone)
	if err != nil {
		return time.Time{}, err
	}
	step := 1
	if weekday(p.words[0]) >= 0 {
		step = 7
	}
	switch { // the day was not said, or only its name: move to the nearest that fits
	case (!named || step == 7) && !p.past && !at.After(p.now):
		return w.on(day.AddDate(0, 0, step), p.zone)
	case (!named || step == 7) && p.past && at.After(p.now):
		return w.on(day.AddDate(0, 0, -step), p.zone)
	}
	return at, nil
}

// day reads the day that words start with and returns how many of them it took.
// Without one it is today.
func (p *phrase) day(today time.Time, words []string) (day time.Time, took int, named bool) {
	switch words[0] {
	case "today":
		return today, 1, true
	case "tomorrow":
		return today.AddDate(0, 0, 1), 1, true
	case "yesterday":
		return today.AddDate(0, 0, -1), 1, true
	case "next":
		if len(words) > 1 && weekday(words[1]) >= 0 {
			ahead := (weekday(words[1])-int(today.Weekday())+6)%7 + 1
			return today.AddDate(0, 0, ahead), 2, true
		}
	}
	if wd := weekday(words[0]); wd >= 0 {
		distance := (wd - int(today.Weekday()) + 7) % 7
		if p.past && distance > 0 {
			distance -= 7
		}
		return today.AddDate(0, 0, distance), 1, true
	}
	return today, 0, false
}

// dayAlone is a day without a time: its start, or refused.
func (p *phrase) dayAlone(day time.Time) (time.Time, error) {
	if !p.days {
		return time.Time{}, job.Errorf(job.Invalid, "%q is a day without a time", clip(p.text)).
			WithHint("say when, for example %q", strings.Join(p.words, " ")+" 09:00")
	}
	y, m, d := day.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, p.zone), nil
}

func (p *phrase) orUnknown(err error) error {
	if err != nil {
		return err
	}
	return p.unknown("")
}

// unknown is the error for what the grammar does not have.
func (p *phrase) unknown(why string) error {
	e := job.Errorf(job.Invalid, "%q is not a time", clip(p.text))
	if why != "" {
		e.Message += ": " + why
	}
	e.Hint = `examples: "+2h", "tomorrow 09:00", "2026-12-01 09:00 Europe/Berlin"`
	if p.past {
		e.Hint = `examples: "10m", "2h ago", "yesterday 09:00", "2026-12-01 09:00 Europe/Berlin"`
	}
	for _, w := range p.words {
		if isKnown(w) || '0' <= w[0] && w[0] <= '9' {
			continue
		}
		if meant := job.Nearest(w, vocabulary); meant != "" {
			e.Message += `: did you mean "` + meant + `"?`
		}
		break
	}
	return e
}

var weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

var vocabulary = append([]string{"now", "today", "tomorrow", "yesterday", "noon", "midnight", "next", "ago"}, weekdays...)

func isKnown(word string) bool {
	return slices.Contains(vocabulary, word) || word == "at" || word == "in" || weekday(word) >= 0
}

// weekday returns the number of a day's name, whole or of three letters; -1 = none.
func weekday(word string) int {
	for i, name := range weekdays {
		if word == name || word == name[:3] {
			return i
		}
	}
	return -1
}
