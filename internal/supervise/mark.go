package supervise

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// mark is the value of Variable in a process: COOKIE.LIFE.N.
type mark struct {
	cookie string // of the daemon, the same in each of its lives
	life   string // of one chain of guard and supervisor
	id     uint64 // of the command; 0 = guard or supervisor
}

func (m mark) String() string {
	return m.cookie + "." + m.life + "." + strconv.FormatUint(m.id, 10)
}

func (m mark) environ() string { return Variable + "=" + m.String() }

func parseMark(s string) (mark, bool) {
	parts := strings.Split(s, ".")
	if len(parts) != 3 {
		return mark{}, false
	}
	id, err := strconv.ParseUint(parts[2], 10, 64)
	return mark{cookie: parts[0], life: parts[1], id: id}, err == nil && parts[0] != "" && parts[1] != ""
}

// findMark looks for a mark in the NUL-separated environment of a process.
func findMark(environ []byte) (mark, bool) {
	prefix := []byte(Variable + "=")
	for entry := range bytes.SplitSeq(environ, []byte{0}) {
		if value, ok := bytes.CutPrefix(entry, prefix); ok {
			return parseMark(string(value))
		}
	}
	return mark{}, false
}

func checkCookie(cookie string) error {
	if ok, err := regexp.MatchString(`^[0-9A-Za-z_-]{1,64}$`, cookie); err != nil || !ok {
		return fmt.Errorf("supervisor cookie %q: want 1 to 64 letters, digits, \"-\" or \"_\"", cookie)
	}
	return nil
}
