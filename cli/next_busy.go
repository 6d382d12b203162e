package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
)

// forecastMost is how many runs the daemon foretells at once.
const forecastMost = 1000

// busyMinute is a minute that has runs.
type busyMinute struct {
	Minute time.Time `json:"minute"`
	Runs   int       `json:"runs"`
	WorkMS int64     `json:"estimated_duration_ms"` // of all runs together, as far as it is known
	Jobs   []string  `json:"jobs"`
}

// busy shows how many runs each minute has: for people a map of hours and minutes and
// the busiest ones, for programs every minute that has any.
func (a *app) busy(ctx context.Context, c *client.Client, names []string, window time.Duration) error {
	items, err := c.Forecast(ctx, window, names, forecastMost)
	if err != nil {
		return err
	}
	var minutes []busyMinute
	for _, i := range items { // the earliest first
		at := i.At.Truncate(time.Minute)
		if n := len(minutes); n == 0 || !minutes[n-1].Minute.Equal(at) {
			minutes = append(minutes, busyMinute{Minute: at})
		}
		m := &minutes[len(minutes)-1]
		m.Runs++
		if !slices.Contains(m.Jobs, i.Job) {
			m.Jobs = append(m.Jobs, i.Job)
		}
		if i.EstimateMS != nil {
			m.WorkMS += *i.EstimateMS
		}
	}
	if len(items) == forecastMost {
		a.note("only the first %d runs, until %s", forecastMost, a.day(items[len(items)-1].At))
	}
	l := listing[busyMinute]{
		Items: minutes, Total: int64(len(minutes)),
		Name:  func(m busyMinute) string { return m.Minute.UTC().Format(time.RFC3339) },
		Table: a.busyTable,
		None:  "Nothing runs in the next " + human.Setting(window) + ".",
	}
	if a.structured() || a.namesOnly() || len(minutes) == 0 {
		return printList(a, l)
	}
	return a.paged(func() error {
		for _, line := range a.heatMap(minutes) {
			a.say("%s", line)
		}
		a.say("")
		busiest := slices.Clone(minutes)
		slices.SortStableFunc(busiest, func(x, y busyMinute) int { return y.Runs - x.Runs })
		if err := a.printTable(a.busyTable(busiest[:min(5, len(busiest))], false)); err != nil {
			return err
		}
		a.footer("%s in %s; busiest minute %s", human.Plural(len(items), "run"), human.Setting(window), human.Plural(busiest[0].Runs, "run"))
		return nil
	})
}

func (a *app) busyTable(minutes []busyMinute, _ bool) *render.Table {
	t := render.NewTable("MINUTE", ">RUNS", ">EST=estimated_duration_ms", "~JOBS")
	for _, m := range minutes {
		work := human.Absent
		if m.WorkMS > 0 {
			work = human.Millis(&m.WorkMS)
		}
		t.AddText(a.day(m.Minute), fmt.Sprint(m.Runs), work, strings.Join(m.Jobs, " "))
	}
	return t
}

// heatMap draws one line an hour and one character a minute.
func (a *app) heatMap(minutes []busyMinute) []string {
	shades := []rune(" .:-=+*#%@")
	if a.outTTY() && a.unicode() {
		shades = []rune("·▁▂▃▄▅▆▇█")
	}
	most := 0
	byMinute := map[int64]int{}
	for _, m := range minutes {
		byMinute[m.Minute.Unix()/60] = m.Runs
		most = max(most, m.Runs)
	}
	const hour = 60
	zone := a.g.zone
	if !a.outTTY() {
		zone = time.UTC
	}
	label := func(t time.Time) string { return t.In(zone).Format("Mon 15h") }
	lines := []string{fmt.Sprintf("%-8s%-10d%-10d%-10d%-10d%-10d%d", zone.String(), 0, 10, 20, 30, 40, 50)}
	first := minutes[0].Minute.Unix() / 60
	_, offset := minutes[0].Minute.In(zone).Zone()
	first -= (first + int64(offset)/60) % hour // the start of the hour in the zone
	for at := first; at <= minutes[len(minutes)-1].Minute.Unix()/60; at += hour {
		var line strings.Builder
		total := 0
		for m := range int64(hour) {
			n := byMinute[at+m]
			total += n
			shade := 0
			if n > 0 {
				shade = 1 + (n-1)*(len(shades)-2)/max(1, most-1)
				shade = min(shade, len(shades)-1)
			}
			line.WriteRune(shades[shade])
		}
		if total > 0 {
			lines = append(lines, fmt.Sprintf("%-8s%s  %d", label(time.Unix(at*60, 0)), line.String(), total))
		}
	}
	return lines
}
