package config

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong with the configuration.
type Problem struct {
	Where   string // "file:line:column", "SCHEDD_…" or "--flag"; "" when the value is a default
	Key     string // e.g. "worker.lease"; "" when the problem is not about one key
	Message string
}

// String is the line that the operator sees.
func (p Problem) String() string {
	parts := slices.DeleteFunc([]string{p.Where, p.Key, p.Message}, func(s string) bool { return s == "" })
	return strings.Join(parts, ": ")
}

// Problems is the error that Load returns for a configuration that cannot be used.
type Problems []Problem

// Error lists every problem, one a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

func (ps *Problems) add(where, key, format string, args ...any) {
	*ps = append(*ps, Problem{Where: where, Key: key, Message: fmt.Sprintf(format, args...)})
}

// err is nil when there is no problem, so that an empty list is not an error.
func (ps Problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}
