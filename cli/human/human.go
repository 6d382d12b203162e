// Package human writes durations, moments and sizes the way people say them.
package human

import (
	"fmt"
	"strings"
	"time"
)

const day = 24 * time.Hour

// Absent stands for what is not there.
const Absent = "-"

// Duration says how long something took: "4ms", "0.8s", "41s", "3m04s", "2h05m",
// "1d14h". Two units at most.
func Duration(d time.Duration) string {
	if d >= 9950*time.Millisecond {
		d = d.Round(time.Second)
	}
	switch {
	case d < 0:
		return "0s"
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < 9950*time.Millisecond:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < day:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return Distance(d)
}

// Millis is Duration of milliseconds; nil is Absent.
func Millis(ms *int64) string {
	if ms == nil {
		return Absent
	}
	return Duration(time.Duration(*ms) * time.Millisecond)
}

// Setting writes a duration that somebody configured, without rounding: "30m",
// "1h30m", "1500ms".
func Setting(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	var text strings.Builder
	for _, u := range []struct {
		size time.Duration
		name string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}, {time.Millisecond, "ms"}} {
		if n := d / u.size; n > 0 {
			fmt.Fprintf(&text, "%d%s", n, u.name)
			d -= n * u.size
		}
	}
	return text.String()
}

// Distance says how far apart two moments are: "58s", "30m", "13h30m", "2d",
// "1d14h". Two units at most, the smaller one only when it is not zero.
func Distance(d time.Duration) string {
	d = max(d, -d)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < day:
		return two(int(d.Hours()), "h", int(d.Minutes())%60, "m")
	}
	return two(int(d/day), "d", int(d.Hours())%24, "h")
}

func two(big int, bigUnit string, small int, smallUnit string) string {
	if small == 0 {
		return fmt.Sprintf("%d%s", big, bigUnit)
	}
	return fmt.Sprintf("%d%s%d%s", big, bigUnit, small, smallUnit)
}

// Relative says when t is as seen from now: "in 13h30m", "3m ago", "now"; beyond 30
// days the date in zone.
func Relative(t, now time.Time, zone *time.Location) string {
	d := t.Sub(now)
	switch {
	case max(d, -d) > 30*day:
		return t.In(zone).Format("2006-01-02")
	case d >= time.Second:
		return "in " + Distance(d.Round(time.Second))
	case d > -time.Second:
		return "now"
	}
	return Distance(d) + " ago"
}

// Plural writes "1 job" or "3 jobs".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Percent writes a share with one decimal, Absent for a share of nothing.
func Percent(part, whole int64) string {
	if whole == 0 {
		return Absent
	}
	return fmt.Sprintf("%.1f", 100*float64(part)/float64(whole))
}

// Bytes writes a size in binary units: "512 B", "1.5 KiB", "84 MiB".
func Bytes(n int64) string {
	if n < 1<<10 {
		return fmt.Sprintf("%d B", n)
	}
	size, unit := float64(n), -1
	for size >= 1<<10 && unit < len(byteUnits)-1 {
		size /= 1 << 10
		unit++
	}
	if size < 10 {
		return fmt.Sprintf("%.1f %ciB", size, byteUnits[unit])
	}
	return fmt.Sprintf("%.0f %ciB", size, byteUnits[unit])
}

const byteUnits = "KMGTPE"
