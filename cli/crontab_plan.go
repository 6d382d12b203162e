package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/crontab"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// What becomes of a line.
const (
	actionCreate  = "create"
	actionUpdate  = "update"
	actionNone    = "unchanged"
	actionRefused = "refused"
	actionFailed  = "failed"
	actionLeft    = "not imported" // because another one failed
)

// importTag marks imported jobs.
const importTag = "crontab"

// importLine is a line with the job that it becomes.
type importLine struct {
	Line     int    `json:"line"`
	Name     string `json:"name"`
	Schedule string `json:"schedule"`
	Timezone string `json:"timezone"`
	Command  string `json:"command"`
	Action   string `json:"action"`
	Note     string `json:"note,omitempty"`
	Problem  string `json:"problem,omitempty"`
	Hint     string `json:"hint,omitempty"`

	source  string
	user    string
	mailto  string
	payload crontab.Payload
	match   *job.Job // the job that this line became before
}

// importMark is what an imported job remembers of its line.
type importMark struct {
	Source string `json:"source"`
}

// importer makes jobs of lines.
type importer struct {
	a                *app
	o                crontabImportOptions
	zone, zoneSource string
	account          crontab.Account
	lines            []*importLine
	refused          []int
}

// prepare finds out whose crontab it is and in which zone.
func (im *importer) prepare() error {
	im.zone, im.zoneSource = im.a.systemZone()
	if im.o.timezone != "" {
		if _, err := loadZone(im.o.timezone); err != nil {
			return inFlag("timezone", err)
		}
		im.zone, im.zoneSource = im.o.timezone, "--timezone"
	}
	me, err := im.a.env.Account()
	if err != nil {
		return fmt.Errorf("find out who you are: %w", err)
	}
	im.account = crontab.Account{Name: me.Name, Home: me.Home}
	if im.o.account != "" && im.o.account != me.Name {
		if im.o.home == "" {
			return usagef("--user needs --home: the home directory of %s", im.o.account)
		}
		im.account.Name = im.o.account
	}
	if im.o.home != "" {
		im.account.Home = im.o.home
	}
	return nil
}

// plan decides what becomes of each line, given the jobs that exist.
func (im *importer) plan(file crontab.File, existing []job.Job) {
	for i := range file.Entries {
		im.lines = append(im.lines, im.line(&file.Entries[i]))
	}
	im.match(existing)
	taken := map[string]bool{}
	for _, j := range existing {
		taken[j.Name] = true
	}
	for _, l := range im.lines {
		switch {
		case l.Problem != "":
			l.Action = actionRefused
			im.refused = append(im.refused, l.Line)
		case l.match == nil:
			l.Action = actionCreate
			l.Name = crontab.UniqueName(im.o.prefix+l.Name, func(name string) bool { return taken[name] })
			taken[l.Name] = true
		default:
			l.Name, l.Action = l.match.Name, actionNone
			if im.differs(l) {
				l.Action = actionUpdate
			}
		}
	}
}

// line turns an entry into what will be a job.
func (im *importer) line(e *crontab.Entry) *importLine {
	l := &importLine{
		Line: e.Line, Name: crontab.BaseName(e.Command), Schedule: e.Schedule, Timezone: im.zone, Command: e.Command,
		Note: strings.Join(e.Notes, "; "), Problem: e.Problem, Hint: e.Hint,
		source: e.Source, user: e.User, payload: e.Payload(im.account),
	}
	l.mailto, _ = e.Lookup("MAILTO")
	if zone, ok := e.Lookup("CRON_TZ"); ok && zone != "" {
		l.Timezone = zone
		if !validZone(zone) && l.Problem == "" {
			l.Problem = fmt.Sprintf("CRON_TZ=%s is no time zone known here", zone)
		}
	}
	if l.Problem == "" && im.o.system && e.User != im.account.Name {
		l.Problem = fmt.Sprintf("it runs as %s; schedd runs everything as one user, and this import is for %s", e.User, im.account.Name)
		l.Hint = "import it into a schedd of that user, or name the user with --user and --home"
	}
	for name := range l.payload.Env {
		if l.Problem == "" && (strings.HasPrefix(name, "SCHEDD_") || strings.HasPrefix(name, "LD_") || name == "TRACEPARENT") {
			l.Problem = fmt.Sprintf("the crontab sets %s, which schedd does not let jobs set", name)
		}
	}
	return l
}

// match finds the jobs that lines became before: first by the whole line, then by
// the command alone, for lines whose schedule changed. No job is taken twice.
func (im *importer) match(existing []job.Job) {
	used := map[job.ID]bool{}
	for _, same := range []func(l *importLine, source, shell string) bool{
		func(l *importLine, source, _ string) bool { return source == l.source },
		func(l *importLine, _, shell string) bool { return shell == l.payload.Shell },
	} {
		for _, l := range im.lines {
			if l.Problem != "" || l.match != nil {
				continue
			}
			for i := range existing {
				j := &existing[i]
				source, shell, imported := imprint(j)
				if imported && !used[j.ID] && same(l, source, shell) && strings.HasPrefix(j.Name, im.o.prefix) {
					l.match, used[j.ID] = j, true
					break
				}
			}
		}
	}
}

// imprint reads what an imported job remembers of its line.
func imprint(j *job.Job) (source, shell string, ok bool) {
	var metadata struct {
		Crontab *importMark `json:"crontab"`
	}
	var payload crontab.Payload
	if json.Unmarshal(j.Metadata, &metadata) != nil || metadata.Crontab == nil || j.HandlerName != handlerExec ||
		json.Unmarshal(j.Payload, &payload) != nil || j.Status.Terminal() {
		return "", "", false
	}
	return metadata.Crontab.Source, payload.Shell, true
}

// differs reports whether the job is not what the line says. Settings that cron
// knows nothing of are the operator's, and left alone.
func (im *importer) differs(l *importLine) bool {
	source, _, _ := imprint(l.match)
	var payload crontab.Payload
	_ = json.Unmarshal(l.match.Payload, &payload)
	return l.match.Schedule != l.Schedule || l.match.Timezone != l.Timezone || source != l.source ||
		!reflect.DeepEqual(payload, l.payload)
}

// carryOut creates and changes jobs, in the order of the lines. It stops at the
// first failure: importing again goes on from there.
func (im *importer) carryOut(ctx context.Context, c *client.Client) error {
	w := client.Write{Reason: or(im.o.reason, "crontab import")}
	for i, l := range im.lines {
		var err error
		switch l.Action {
		case actionCreate:
			_, err = c.CreateJob(ctx, job.TypeCron, im.creation(l), w)
		case actionUpdate:
			_, err = c.ChangeJob(ctx, l.match.ID.String(), im.definition(l), w)
		}
		if err != nil {
			for _, rest := range im.lines[i+1:] {
				if rest.Action == actionCreate || rest.Action == actionUpdate {
					rest.Action = actionLeft
				}
			}
			l.Action, l.Note = actionFailed, problem(err).Error
			return err
		}
	}
	return nil
}

// definition is what a line says about its job.
func (im *importer) definition(l *importLine) api.JobInput {
	handler := handlerExec
	return api.JobInput{
		Schedule: &l.Schedule, Timezone: &l.Timezone, HandlerName: &handler, Payload: marshal(l.payload), Metadata: im.metadata(l),
	}
}

// creation adds what cron does and schedd does not do by itself.
func (im *importer) creation(l *importLine) api.JobInput {
	in := im.definition(l)
	in.Name = &l.Name
	in.MaxRetries, in.TimeoutMS = new(0), new(int64(0))
	in.Overlap, in.Concurrency = new(job.OverlapAllow), new(job.MaxConcurrency)
	in.OnLost, in.Misfire, in.DSTPolicy = new(job.OnLostFail), new(job.MisfireSkip), new("once")
	tags := append([]string{importTag}, slices.DeleteFunc(slices.Clone(im.o.tags), func(t string) bool { return t == importTag })...)
	in.Tags = &tags
	return in
}

// metadata is what the job remembers, beside what others put there.
func (im *importer) metadata(l *importLine) json.RawMessage {
	m := map[string]any{}
	if l.match != nil {
		_ = json.Unmarshal(l.match.Metadata, &m)
	}
	m["crontab"] = importMark{Source: l.source}
	if l.mailto != "" {
		m["mailto"] = l.mailto
	}
	return marshal(m)
}

// marshal encodes what always can be.
func marshal(v any) json.RawMessage {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
	return bytes.TrimSpace(buf.Bytes())
}
