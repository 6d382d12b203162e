package jobfile

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// parseDuration reads 90s, 1h30m, 2d, 1w, 1d12h: what time.ParseDuration takes, not
// negative, and days and weeks in front.
func parseDuration(text string) (time.Duration, error) {
	var total time.Duration
	rest := text
	for _, unit := range []struct {
		letter string
		size   time.Duration
	}{{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}} {
		head, tail, found := strings.Cut(rest, unit.letter)
		if !found {
			continue
		}
		n, err := strconv.ParseUint(head, 10, 12)
		if err != nil {
			return 0, notDuration(text)
		}
		total, rest = total+time.Duration(n)*unit.size, tail
	}
	if rest == "" && total > 0 || text == "0" {
		return total, nil
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 || strings.HasPrefix(rest, "+") || d%time.Millisecond != 0 || total+d < 0 {
		return 0, notDuration(text)
	}
	return total + d, nil
}

func notDuration(text string) error {
	return fmt.Errorf(`%q is not a duration; write 500ms, 90s, 30m, 1h30m or 2d`, clip(text))
}
