package alert

import (
	"strconv"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// State is where an alert stands.
type State string

// The states. Only resolved is the end.
const (
	Firing       State = "firing"
	Acknowledged State = "acknowledged" // somebody is at it
	Silenced     State = "silenced"     // nobody is told
	Resolved     State = "resolved"
)

// States lists them.
func States() []State { return []State{Firing, Acknowledged, Silenced, Resolved} }

// Event is the name of schedd's event about an alert that came into a state.
func (s State) Event() string { return job.SystemPrefix + "alert." + string(s) }

// By is who turns alerts when nobody does.
const By = "schedd"

// maxTurns bounds the history of one alert; the first turn is kept.
const maxTurns = 50

// Alert is one breach of one rule. Its JSON is what stores keep beside its columns.
type Alert struct {
	Number   int64    `json:"-"` // given by the store
	Key      string   `json:"-"` // one alert of a key is open at a time
	Platform string   `json:"-"` // slug, or AnyPlatform
	RuleID   job.ID   `json:"rule_id"`
	Rule     string   `json:"rule"` // its name then
	Metric   string   `json:"metric"`
	Cond     string   `json:"condition"` // in words
	Severity Severity `json:"-"`
	JobID    *job.ID  `json:"job_id,omitempty"` // nil = it is about no single job
	JobName  string   `json:"job_name,omitempty"`

	State    State     `json:"-"`
	Value    float64   `json:"value"` // as it was seen last
	Summary  string    `json:"summary"`
	Channels []string  `json:"channels"`       // that the rule names
	Told     []string  `json:"told,omitempty"` // channels that were, or are being, told of it
	FiredAt  time.Time `json:"-"`
	SeenAt   time.Time `json:"seen_at"` // of Value
	// Until is when an acknowledgement or a silence ends by itself; zero = never. A silence
	// outlives its alert: one of the same key that comes before Until is silenced too.
	Until      time.Time `json:"-"`
	ResolvedAt time.Time `json:"-"` // zero = it is open
	Turns      []Turn    `json:"turns"`
}

// Turn is one change of an alert's state.
type Turn struct {
	At     time.Time  `json:"at"`
	State  State      `json:"state"`
	By     string     `json:"by"`
	Until  *time.Time `json:"until,omitempty"`
	Reason string     `json:"reason,omitempty"`
}

// ID is how people name an alert: a17.
func (a *Alert) ID() string { return "a" + strconv.FormatInt(a.Number, 10) }

// ParseID returns the number of an alert that is named like a17; false when the text
// names none.
func ParseID(text string) (int64, bool) {
	digits, ok := strings.CutPrefix(text, "a")
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, ok && err == nil && n > 0 && digits[0] >= '1' && digits[0] <= '9'
}

// Finding is one breach that a look at a rule found.
type Finding struct {
	Platform string
	JobID    *job.ID
	JobName  string
	Value    float64
	Summary  string
}

// KeyOf is the key of the alert about what a rule found.
func KeyOf(r *Rule, f *Finding) string {
	if f.JobID == nil {
		return r.ID.String()
	}
	return r.ID.String() + "/" + f.JobID.String()
}

// New returns the alert about what a rule found. before is the newest alert of that key,
// nil when there was none: its silence goes on.
func New(r *Rule, f *Finding, before *Alert, now time.Time) Alert {
	a := Alert{
		Key: KeyOf(r, f), Platform: f.Platform, RuleID: r.ID, Rule: r.Name, Metric: r.Metric, Cond: r.Condition(), Severity: r.Severity,
		JobID: f.JobID, JobName: f.JobName, Channels: r.Channels, FiredAt: now,
	}
	a.see(f, now)
	a.turn(Firing, now, By, time.Time{}, f.Summary)
	if before != nil && before.silencedAtEnd() && before.Until.After(now) {
		a.turn(Silenced, now, By, before.Until, "as "+before.ID()+" was")
	}
	return a
}

// silencedAtEnd reports whether an alert was silenced when it was resolved.
func (a *Alert) silencedAtEnd() bool {
	n := len(a.Turns)
	return n >= 2 && a.State == Resolved && a.Turns[n-2].State == Silenced
}

// seeEvery bounds how often the value of an alert that stays as it is is written.
const seeEvery = time.Minute

// Again takes what was found about an alert that is open. turned is true when it fires
// anew, since an acknowledgement or a silence has ended; seen when its value is worth
// writing.
func (a *Alert) Again(f *Finding, now time.Time) (turned, seen bool) {
	if !a.Until.IsZero() && !now.Before(a.Until) {
		a.see(f, now)
		a.turn(Firing, now, By, time.Time{}, string(a.State)+" until now")
		return true, true
	}
	if a.Value == f.Value && a.Summary == f.Summary || now.Sub(a.SeenAt) < seeEvery {
		return false, false
	}
	a.see(f, now)
	return false, true
}

func (a *Alert) see(f *Finding, now time.Time) {
	a.Value, a.Summary, a.SeenAt = f.Value, f.Summary, now
}

// Resolve ends an alert. tell is true when those who were told of it are to hear that.
func (a *Alert) Resolve(now time.Time, by, reason string) (tell bool) {
	tell = a.State != Silenced && len(a.Told) > 0
	until := a.Until
	if a.State != Silenced {
		until = time.Time{}
	}
	a.turn(Resolved, now, by, time.Time{}, reason)
	a.ResolvedAt, a.Until = now, until
	return tell
}

// Quiet acknowledges or silences an alert until an instant; the zero time is until it is
// resolved.
func (a *Alert) Quiet(state State, now, until time.Time, by, reason string) error {
	if a.State == Resolved {
		return a.over()
	}
	a.turn(state, now, by, until, reason)
	return nil
}

// Loud takes an acknowledgement or a silence back. It does nothing to one that fires.
func (a *Alert) Loud(now time.Time, by, reason string) error {
	switch a.State {
	case Resolved:
		return a.over()
	case Firing:
		return nil
	}
	a.turn(Firing, now, by, time.Time{}, reason)
	return nil
}

// Close resolves an alert because somebody says so.
func (a *Alert) Close(now time.Time, by, reason string) error {
	if a.State == Resolved {
		return a.over()
	}
	a.Resolve(now, by, reason)
	a.Until = time.Time{}
	return nil
}

func (a *Alert) over() error {
	return job.Errorf(job.Conflict, "alert %s is resolved", a.ID()).WithHint("it fires anew, as another alert, when its rule is broken again")
}

func (a *Alert) turn(state State, now time.Time, by string, until time.Time, reason string) {
	t := Turn{At: now, State: state, By: by, Reason: reason}
	if !until.IsZero() {
		t.Until = &until
	}
	if len(a.Turns) >= maxTurns {
		a.Turns = append(a.Turns[:1], a.Turns[2:]...)
	}
	a.Turns = append(a.Turns, t)
	a.State, a.Until = state, until
}
