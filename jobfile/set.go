package jobfile

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// Job is a job of a file.
type Job struct {
	api.JobDefinition

	At     Position            // where it begins
	places map[string]Position // of its fields, by path
	bad    map[string]bool     // fields that were reported already
}

// Set is the jobs of one or more files, and what is wrong with them. The zero Set is
// empty and ready to use.
type Set struct {
	Jobs     []Job
	Problems Problems

	files []string
	texts map[string]string
}

// Parse reads one file. Its name's ending tells YAML from JSON; without one of these the
// text does.
func Parse(file string, data []byte) *Set {
	s := &Set{}
	s.Add(file, data)
	return s
}

// Add reads a further file.
func (s *Set) Add(file string, data []byte) {
	if s.texts == nil {
		s.texts = map[string]string{}
	}
	s.files, s.texts[file] = append(s.files, file), string(data)
	r := &reader{file: file}
	for _, doc := range r.read(data) {
		if doc.kind != kindList {
			s.addJob(r, doc)
			continue
		}
		for _, item := range doc.items {
			s.addJob(r, item)
		}
	}
	s.Problems = append(s.Problems, r.problems...)
}

// Fail notes that a file could not be read.
func (s *Set) Fail(file, message string) {
	s.files = append(s.files, file)
	s.Problems = append(s.Problems, Problem{Position: Position{File: file}, Code: "unreadable", Message: message})
}

// Hold notes a file that was read elsewhere, for its problems.
func (s *Set) Hold(file, text string) {
	if s.texts == nil {
		s.texts = map[string]string{}
	}
	s.files, s.texts[file] = append(s.files, file), text
}

// Files returns how many files were read, or should have been.
func (s *Set) Files() int { return len(s.files) }

// Text returns a file as it was read.
func (s *Set) Text(file string) string { return s.texts[file] }

// Definitions returns what the API takes.
func (s *Set) Definitions() []api.JobDefinition {
	all := make([]api.JobDefinition, len(s.Jobs))
	for i := range s.Jobs {
		all[i] = s.Jobs[i].JobDefinition
	}
	return all
}

// Check adds what is wrong whatever the time is and whatever exists already, and sorts
// the problems by place.
func (s *Set) Check(d job.Defaults) {
	first := map[string]*Job{}
	for i := range s.Jobs {
		j := &s.Jobs[i]
		spec, p := j.Spec(d)
		if api.OwnerOf(spec.Metadata) != "" {
			p.Add("metadata", "read_only", "the member %q is written by the server", api.OwnerKey)
		}
		for _, f := range p {
			if !j.bad[root(f.Field)] {
				s.Problems = append(s.Problems, j.problem(f))
			}
		}
		key := value(j.PlatformID) + "/" + value(j.Name)
		if before := first[key]; before != nil && value(j.Name) != "" {
			s.Problems = append(s.Problems, j.problem(job.FieldError{Field: "name", Code: "duplicate", Message: fmt.Sprintf("%q is defined twice: first at %s", *j.Name, before.At)}))
		} else {
			first[key] = j
		}
	}
	s.Problems.sort(s.files)
}

// Spec returns the definition that the job has under the defaults, and what is wrong
// with it.
func (j *Job) Spec(d job.Defaults) (job.Spec, job.Problems) {
	spec := job.NewSpec(d)
	spec.Type = j.Type
	var p job.Problems
	if j.Type == "" {
		p.Add("type", "required", "is required: %s", strings.Join(list(api.CreatableTypes()), ", "))
	} else {
		job.OneOf(&p, "type", j.Type, api.CreatableTypes())
	}
	typed := len(p) == 0
	if j.PlatformID != nil && *j.PlatformID == "" {
		p.Add("platform_id", "pattern", "must not be empty; leave it out")
	}
	p = append(p, j.Overlay(&spec, time.Time{})...)
	spec.Normalize(d)
	for _, f := range spec.Validate() {
		if typed || !followsType[f.Field] {
			p = append(p, f)
		}
	}
	return spec, p
}

// followsType are the fields whose rules depend on the type; without one nothing can be
// said about them.
var followsType = map[string]bool{
	"type": true, "schedule": true, "execute_at": true, "start_date": true, "end_date": true, "max_executions": true,
}

// problem gives a fault of a field its place.
func (j *Job) problem(f job.FieldError) Problem {
	message := f.Message
	if f.Field != "" {
		message = f.Field + ": " + f.Message
	}
	return Problem{Position: j.locate(f.Field), Job: value(j.Name), Field: f.Field, Code: f.Code, Message: message}
}

// locate returns the place of a field, or of what surrounds it.
func (j *Job) locate(path string) Position {
	for path != "" {
		if at, ok := j.places[path]; ok {
			return at
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return j.At
}

// root is the field that a path begins with.
func root(path string) string {
	if i := strings.IndexAny(path, ".["); i >= 0 {
		return path[:i]
	}
	return path
}

var indexed = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^jobs\[(\d+)\]\.?`) })

// Blame turns the fields of a server's error, which begin with jobs[INDEX], into
// problems with a place. ok is false when one of them is about no job.
func (s *Set) Blame(faults []job.FieldError) (problems Problems, ok bool) {
	for _, f := range faults {
		m := indexed().FindStringSubmatch(f.Field)
		if m == nil {
			return nil, false
		}
		i, err := strconv.Atoi(m[1])
		if err != nil || i >= len(s.Jobs) {
			return nil, false
		}
		f.Field = strings.TrimPrefix(f.Field, m[0])
		problems = append(problems, s.Jobs[i].problem(f))
	}
	problems.sort(s.files)
	return problems, len(problems) > 0
}

func value(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

// fill writes a value into the field of the API.
func (j *Job) fill(name string, raw json.RawMessage) error {
	b := append(append([]byte(`{`+quoted(name)+`:`), raw...), '}')
	return json.Unmarshal(b, &j.JobDefinition)
}

// IsName reports whether a file of a folder is a job file by its name.
func IsName(name string) bool {
	ext := filepath.Ext(name)
	return !strings.HasPrefix(name, ".") && (ext == ".yaml" || ext == ".yml" || ext == ".json")
}
