package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// maxSkew is how far the clock here may be from the daemon's.
const maxSkew = 2 * time.Second

// The states of a finding.
const (
	findingOK      = "ok"
	findingWarning = "warning" // exit status 8
	findingFailed  = "failed"  // exit status 1
)

// finding is what one check found.
type finding struct {
	Check  string `json:"check"`
	Status string `json:"status"` // ok | warning | failed
	Detail string `json:"detail"`
	Fix    string `json:"fix,omitempty"` // what to do
}

// doctor collects findings.
type doctor struct {
	a        *app
	findings []finding
}

func newDoctorCmd(a *app) *cobra.Command {
	return in(groupOperations, &cobra.Command{
		Use:        "doctor",
		SuggestFor: []string{"check", "diagnose", "selftest"},
		Short:      "Look for what is wrong, and say how to mend it",
		Long: `Look for what is wrong between schedctl and schedd, and in schedd itself: the socket and
who may use it, versions, clocks, every issue of its health, jobs that cannot run, zones,
units and completion. It changes nothing. Exit 0: all is well; 8: something is to be
mended; 1: schedd cannot be used.`,
		Example:           "  schedctl doctor\n  schedctl doctor -o json --jq '.items[] | select(.status != \"ok\")'",
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, _ []string) error {
			return runDoctor(cmd.Context(), a)
		}),
	})
}

func runDoctor(ctx context.Context, a *app) error {
	d := &doctor{a: a}
	c, err := a.connect()
	if err != nil {
		return err
	}
	for _, server := range c.Servers() {
		if path, isSocket := strings.CutPrefix(server, "unix://"); isSocket {
			d.socket(path, len(c.Servers()) == 1)
		}
	}
	if d.daemon(ctx, c) {
		d.health(ctx, c)
		d.jobs(ctx, c)
		d.clockChanges(ctx, c)
	}
	d.unit()
	d.completion()
	if err := d.print(); err != nil {
		return err
	}
	return exitWith(d.verdict())
}

func (d *doctor) add(check, status, fix, format string, args ...any) {
	d.findings = append(d.findings, finding{Check: check, Status: status, Detail: fmt.Sprintf(format, args...), Fix: fix})
}

// socket looks at the file; whether it answers is found out by asking. One of several
// places may be empty.
func (d *doctor) socket(path string, only bool) {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !only:
	case errors.Is(err, fs.ErrNotExist):
		d.add("socket", findingFailed, "systemctl start schedd, or name another with --server", "%s does not exist", path)
	case errors.Is(err, fs.ErrPermission):
		d.add("socket", findingFailed, "usermod -aG schedctl "+d.me()+", then log in again", "the folder of %s is closed to you", path)
	case err != nil:
		d.add("socket", findingFailed, "name another with --server", "%v", err)
	case st.Mode()&fs.ModeSocket == 0:
		d.add("socket", findingFailed, "name another with --server", "%s is no socket", path)
	case st.Mode().Perm()&0o002 != 0:
		d.add("socket", findingWarning, `set listen.socket_mode to "0660" and restart schedd`, "%s may be opened by everybody (mode %04o)", path, st.Mode().Perm())
	default:
		d.add("socket", findingOK, "", "%s, mode %04o", path, st.Mode().Perm())
	}
}

func (d *doctor) me() string {
	if who, err := d.a.env.Account(); err == nil && who.Name != "" {
		return who.Name
	}
	return "$USER"
}

// daemon reports whether schedd answers.
func (d *doctor) daemon(ctx context.Context, c *client.Client) bool {
	v, err := c.Version(ctx)
	if err != nil {
		fix := "journalctl -u schedd"
		if e, ok := errors.AsType[*job.Error](err); ok && e.Hint != "" {
			fix = e.Hint
		}
		d.add("daemon", findingFailed, fix, "%v", err)
		return false
	}
	d.add("daemon", findingOK, "", "%s on %s, store %s, queue %s, schema %d", v.Version, v.Node, v.Store, v.Queue, v.Schema)
	if ours := d.a.env.Build().Version; ours != v.Version {
		d.add("versions", findingWarning, "install the same version of both", "schedctl is %s, schedd is %s", ours, v.Version)
	} else {
		d.add("versions", findingOK, "", "schedctl and schedd are %s", ours)
	}
	return true
}

// health takes over every issue, and compares clocks.
func (d *doctor) health(ctx context.Context, c *client.Client) {
	began := d.a.env.Now()
	h, err := c.Health(ctx)
	if err != nil {
		d.add("health", findingFailed, "journalctl -u schedd", "%v", err)
		return
	}
	ended := d.a.env.Now()
	middle := began.Add(ended.Sub(began) / 2)
	if skew := h.Timestamp.Sub(middle).Abs(); skew > maxSkew+ended.Sub(began)/2 {
		d.add("clock", findingWarning, "timedatectl status, on both machines", "the clock of schedd is %s from the one here", human.Duration(skew))
	} else {
		d.add("clock", findingOK, "", "%s apart", human.Duration(skew))
	}
	for _, name := range componentNames(h) {
		part := h.Components[name]
		if !slices.ContainsFunc(h.Issues, func(i api.Issue) bool { return i.Component == name }) {
			d.add(name, findingOK, "", "%s", or(part.Message, part.Status))
		}
	}
	for _, i := range h.Issues {
		status := findingWarning
		if i.Severity == "critical" {
			status = findingFailed
		}
		d.add(i.Component, status, or(i.Fix, "schedctl health"), "%s", i.Message)
	}
}

// maxDoctorJobs is how many jobs are looked at for their zones.
const maxDoctorJobs = 1000

// jobs looks for definitions that cannot be used and zones that are not known here.
func (d *doctor) jobs(ctx context.Context, c *client.Client) {
	zones := map[string]bool{}
	q := client.JobQuery{Limit: 100}
	for seen := 0; seen < maxDoctorJobs; {
		page, err := c.Jobs(ctx, q)
		if err != nil {
			d.add("jobs", findingWarning, "schedctl job list", "%v", err)
			return
		}
		for i := range page.Items {
			j := &page.Items[i]
			zones[j.Timezone] = true
			if j.Status == job.JobError {
				d.add("jobs", findingWarning, "schedctl job edit "+j.Name, "%s cannot run: %s", j.Name, j.StatusReason)
			}
		}
		seen += len(page.Items)
		if q.Cursor = page.NextCursor; q.Cursor == "" {
			break
		}
	}
	var unknown []string
	for zone := range zones {
		if _, err := time.LoadLocation(zone); err != nil {
			unknown = append(unknown, zone)
		}
	}
	slices.Sort(unknown)
	if len(unknown) > 0 {
		d.add("time zones", findingWarning, "install tzdata here, or a newer one", "jobs use zones that are not known here: %s", strings.Join(unknown, " "))
		return
	}
	d.add("time zones", findingOK, "", "%s used by jobs, all known here", human.Plural(len(zones), "zone"))
}

// soonChanging is how long before a change of clocks it is told.
const soonChanging = 14 * 24 * time.Hour

// clockChanges tells of a change of clocks that concerns jobs soon. That is nothing to
// mend, so it is no warning.
func (d *doctor) clockChanges(ctx context.Context, c *client.Client) {
	changes, err := c.ClockChanges(ctx, soonChanging, nil, 0)
	if err != nil || len(changes) == 0 { // an older schedd does not know
		return
	}
	concerned := map[job.ID]bool{}
	for i := range changes {
		concerned[changes[i].JobID] = true
	}
	d.add("clock changes", findingOK, "schedctl next --clock-changes", "%s: due times of %s are skipped or come twice", d.a.changeDay(changes[0]), human.Plural(len(concerned), "job"))
}

// unit looks for the service where systemd runs the machine.
func (d *doctor) unit() {
	if init, err := d.a.env.ReadFile("/proc/1/comm"); err != nil || strings.TrimSpace(string(init)) != "systemd" {
		return
	}
	for _, dir := range []string{"/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"} {
		if _, err := d.a.env.ReadFile(filepath.Join(dir, "schedd.service")); err == nil {
			d.add("unit", findingOK, "", "%s/schedd.service", dir)
			return
		}
	}
	d.add("unit", findingWarning, "make install, or take configs/systemd/schedd.service", "systemd has no schedd.service: schedd does not come back after a restart of the machine")
}

// completion looks whether a person's shell completes.
func (d *doctor) completion() {
	shell := filepath.Base(d.a.env.Getenv("SHELL"))
	if !d.a.outTTY() || shell != "bash" && shell != "zsh" && shell != "fish" {
		return
	}
	home := d.a.env.Getenv("HOME")
	places := map[string][]string{
		"bash": {home + "/.local/share/bash-completion/completions/schedctl", "/usr/share/bash-completion/completions/schedctl", "/usr/local/share/bash-completion/completions/schedctl"},
		"zsh":  {home + "/.local/share/zsh/site-functions/_schedctl", "/usr/share/zsh/site-functions/_schedctl", "/usr/local/share/zsh/site-functions/_schedctl"},
		"fish": {home + "/.config/fish/completions/schedctl.fish", "/usr/share/fish/vendor_completions.d/schedctl.fish", "/usr/local/share/fish/vendor_completions.d/schedctl.fish"},
	}
	for _, path := range places[shell] {
		if _, err := d.a.env.ReadFile(path); err == nil {
			d.add("completion", findingOK, "", "%s", path)
			return
		}
	}
	d.add("completion", findingWarning, "schedctl completion install "+shell+", then open a new shell", "%s does not complete schedctl", shell)
}

// verdict is the exit status.
func (d *doctor) verdict() int {
	status := exitOK
	for i := range d.findings {
		switch d.findings[i].Status {
		case findingFailed:
			return exitFailed
		case findingWarning:
			status = exitDegraded
		}
	}
	return status
}

var findingMarks = map[string]mark{
	findingOK: {"✓", "+", render.Green}, findingWarning: {"!", "!", render.Yellow}, findingFailed: {"✗", "x", render.Red},
}

func (d *doctor) print() error {
	return printList(d.a, listing[finding]{
		Items: d.findings, Total: int64(len(d.findings)), None: "Nothing was checked.",
		Name: func(f finding) string { return f.Check },
		Table: func(findings []finding, _ bool) *render.Table {
			t := render.NewTable("STATUS", "CHECK", "+DETAIL", "+FIX")
			for _, f := range findings {
				t.Add(d.a.marked(f.Status, findingMarks[f.Status]), render.Text(f.Check), render.Text(f.Detail), render.Text(or(f.Fix, human.Absent)))
			}
			return t
		},
	})
}
