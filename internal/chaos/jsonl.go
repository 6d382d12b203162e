package chaos

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// line is one line of a history on disk: exactly one field is set.
type line struct {
	Profile *Profile `json:"profile,omitempty"`
	Call    *Call    `json:"call,omitempty"`
	Mark    *Mark    `json:"witness,omitempty"`
	Job     *Job     `json:"job,omitempty"`
	Row     *Row     `json:"row,omitempty"`
	Range   *Range   `json:"range,omitempty"`
	Fault   *Fault   `json:"nemesis,omitempty"`
	Refused *Refusal `json:"daemon,omitempty"`
	Usage   *Usage   `json:"resources,omitempty"`
	Audit   *Audit   `json:"ledger,omitempty"`
}

// Write writes a history, a thing a line.
func (h *History) Write(w io.Writer) error {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	lines := []line{{Profile: &h.Profile}}
	for i := range h.Faults {
		lines = append(lines, line{Fault: &h.Faults[i]})
	}
	for i := range h.Calls {
		lines = append(lines, line{Call: &h.Calls[i]})
	}
	for i := range h.Jobs {
		lines = append(lines, line{Job: &h.Jobs[i]})
	}
	for i := range h.Rows {
		lines = append(lines, line{Row: &h.Rows[i]})
	}
	for i := range h.Ranges {
		lines = append(lines, line{Range: &h.Ranges[i]})
	}
	for i := range h.Marks {
		lines = append(lines, line{Mark: &h.Marks[i]})
	}
	for i := range h.Refused {
		lines = append(lines, line{Refused: &h.Refused[i]})
	}
	for i := range h.Usage {
		lines = append(lines, line{Usage: &h.Usage[i]})
	}
	for i := range h.Audits {
		lines = append(lines, line{Audit: &h.Audits[i]})
	}
	for i := range lines {
		if err := enc.Encode(&lines[i]); err != nil {
			return err
		}
	}
	return out.Flush()
}

// Read reads what Write wrote. Empty lines, and those that begin with "#", are left
// out.
func Read(r io.Reader) (*History, error) {
	h := &History{}
	in := bufio.NewScanner(r)
	in.Buffer(nil, 16<<20)
	for n := 1; in.Scan(); n++ {
		text := in.Bytes()
		if len(text) == 0 || text[0] == '#' {
			continue
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if !h.add(&l) {
			return nil, fmt.Errorf("line %d holds nothing that a history has", n)
		}
	}
	return h, in.Err()
}

func (h *History) add(l *line) bool {
	switch {
	case l.Profile != nil:
		h.Profile = *l.Profile
	case l.Call != nil:
		h.Calls = append(h.Calls, *l.Call)
	case l.Mark != nil:
		h.Marks = append(h.Marks, *l.Mark)
	case l.Job != nil:
		h.Jobs = append(h.Jobs, *l.Job)
	case l.Row != nil:
		h.Rows = append(h.Rows, *l.Row)
	case l.Range != nil:
		h.Ranges = append(h.Ranges, *l.Range)
	case l.Fault != nil:
		h.Faults = append(h.Faults, *l.Fault)
	case l.Refused != nil:
		h.Refused = append(h.Refused, *l.Refused)
	case l.Usage != nil:
		h.Usage = append(h.Usage, *l.Usage)
	case l.Audit != nil:
		h.Audits = append(h.Audits, *l.Audit)
	default:
		return false
	}
	return true
}

// Save writes a history to a file.
func (h *History) Save(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := h.Write(f); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

// Load reads a history from a file.
func Load(path string) (*History, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return h, nil
}
