package jobfile

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/agentic-sdlc/scheduler/job"
)

// reader reads one file.
type reader struct {
	file     string
	job      string // name of the job that is read
	problems Problems
	nodes    int
	full     bool // told that there are too many nodes
	depth    int
}

// add notes a problem.
func (r *reader) add(at *node, field, code, format string, args ...any) {
	r.problems = append(r.problems, Problem{
		Position: Position{File: r.file, Line: at.line, Column: at.column},
		Job:      r.job, Field: field, Code: code, Message: fmt.Sprintf(format, args...),
	})
}

// count counts a value, and reports whether there are too many.
func (r *reader) count(at *node) bool {
	r.nodes++
	if r.nodes <= maxNodes {
		return false
	}
	if !r.full {
		r.add(at, "", "too_many", "the file has more than %d values", maxNodes)
	}
	r.full = true
	return true
}

// member adds a member to an object that does not have it yet.
func (r *reader) member(n, key, value *node) {
	if len(n.keys) < 64 { // the usual object
		for _, k := range n.keys {
			if k.text == key.text {
				r.twice(key, k)
				return
			}
		}
	} else if k := n.seen(key.text); k != nil {
		r.twice(key, k)
		return
	}
	n.keys, n.items = append(n.keys, key), append(n.items, value)
	if n.index != nil {
		n.index[key.text] = key
	}
}

func (r *reader) twice(key, first *node) {
	r.add(key, "", "duplicate", "%q is given twice: first on line %d", clip(key.text), first.line)
}

// seen finds a key of a large object.
func (n *node) seen(key string) *node {
	if n.index == nil {
		n.index = map[string]*node{}
		for _, k := range n.keys {
			n.index[k.text] = k
		}
	}
	return n.index[key]
}

// read returns the values of a file: one a document.
func (r *reader) read(data []byte) []*node {
	top := &node{line: 1, column: 1}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	switch {
	case len(data) > MaxFile:
		r.add(&node{}, "", "too_large", "is larger than %d bytes; split it", MaxFile)
		return nil
	case len(bytes.TrimSpace(data)) == 0:
		r.add(top, "", "empty", "is empty: it holds no job")
		return nil
	case !utf8.Valid(data):
		r.add(r.offset(data, invalidAt(data)), "", "text", "is not UTF-8 text")
		return nil
	case bytes.IndexByte(data, 0) >= 0:
		r.add(r.offset(data, bytes.IndexByte(data, 0)), "", "text", "holds a NUL byte: not a text file")
		return nil
	}
	switch strings.ToLower(filepath.Ext(r.file)) {
	case ".json":
		return r.readJSON(data)
	case ".yaml", ".yml":
		return r.readYAML(data)
	}
	if first := bytes.TrimSpace(data)[0]; first == '{' || first == '[' { // no name to go by: YAML may begin so too
		before := *r
		if docs := r.readJSON(data); len(r.problems) == len(before.problems) {
			return docs
		}
		told := r.problems
		*r = before
		docs := r.readYAML(data)
		if len(r.problems) > 0 {
			r.problems = told
		}
		return docs
	}
	return r.readYAML(data)
}

func invalidAt(data []byte) int {
	for i := 0; i < len(data); {
		c, size := utf8.DecodeRune(data[i:])
		if c == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(data)
}

func (r *reader) offset(data []byte, offset int) *node {
	return (&jsonReader{data: data}).place(offset)
}

// unknown says what is wrong with a key that jobs do not have.
func unknown(name string) string {
	lower := strings.ToLower(name)
	switch {
	case name == "id" || name == "status" || name == "next_run" || name == "revision" || strings.HasSuffix(name, "_count") || name == "created_at" || name == "created_by" || name == "updated_at":
		return fmt.Sprintf("field %q is set by the server and has no place in a job file; %q writes files without it", name, "schedctl job export")
	case name == "in":
		return `field "in" counts from now, so that applying again would move it; give execute_at`
	case name == "jobs":
		return `unknown field "jobs": a file is one job, a list of jobs, or several documents`
	case fieldNamed(lower) != nil:
		return fmt.Sprintf("unknown field %q: fields are in lower case (did you mean %q?)", clip(name), lower)
	case meant[lower] != "":
		return fmt.Sprintf("unknown field %q (did you mean %q?)", clip(name), meant[lower])
	}
	if near := job.Nearest(strings.ReplaceAll(name, "-", "_"), names()); near != "" {
		return fmt.Sprintf("unknown field %q (did you mean %q?)", clip(name), near)
	}
	return fmt.Sprintf("unknown field %q", clip(name))
}

// clip shortens what a message quotes.
func clip(s string) string {
	if utf8.RuneCountInString(s) <= 80 {
		return s
	}
	return string([]rune(s)[:80]) + "…"
}
