package dump

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/agentic-sdlc/scheduler/job"
)

// Format and Version are what the header of a file says. Version rises when a file
// cannot be read by an earlier schedd.
const (
	Format  = "schedd-store"
	Version = 1
)

// maxLine bounds one line of a file, in bytes: the largest row is a small part of it.
const maxLine = 64 << 20

// Header is the first line of a file.
type Header struct {
	Format    string `json:"format"`
	Version   int    `json:"version"`
	WrittenAt string `json:"written_at"` // RFC 3339
	Schedd    string `json:"schedd"`     // its version
	Driver    string `json:"driver"`     // of the store that was exported
	Schema    int64  `json:"schema,omitempty"`
}

// end is the last line of a file; without it the file is cut off.
type end struct {
	End  bool `json:"end"`
	Sums Sums `json:"tables"`
}

// VersionError says that a file was written by a newer schedd.
type VersionError struct{ Have, Known int }

// Error names both versions and what to do.
func (e *VersionError) Error() string {
	return fmt.Sprintf("the file has format %d, this schedd knows %d: upgrade schedd", e.Have, e.Known)
}

// Write writes a file of all rows and returns their sums. Format and Version of the
// header are set by it.
func Write(w io.Writer, h Header, rows iter.Seq2[Row, error]) (Sums, error) {
	out := bufio.NewWriterSize(w, 1<<20)
	h.Format, h.Version = Format, Version
	if err := writeLine(out, h); err != nil {
		return nil, err
	}
	var tally Tally
	for row, err := range rows {
		if err != nil {
			return nil, err
		}
		if err := tally.Add(row); err != nil {
			return nil, err
		}
		if _, err := out.Write(tally.line); err != nil {
			return nil, err
		}
	}
	sums := tally.Sums()
	if err := writeLine(out, end{End: true, Sums: sums}); err != nil {
		return nil, err
	}
	return sums, out.Flush()
}

func writeLine(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// Read reads the header of a file, plain or compressed by gzip, and returns its rows. They
// end with an error unless the file is whole and its checksums are right. A file of a newer
// format is a *VersionError.
func Read(r io.Reader) (Header, iter.Seq2[Row, error], error) {
	in, err := plain(r)
	if err != nil {
		return Header{}, nil, err
	}
	var h Header
	line, err := in.next()
	if err != nil && !errors.Is(err, io.EOF) {
		return h, nil, err
	}
	if json.Unmarshal(line, &h) != nil || h.Format != Format {
		return h, nil, errForeign()
	}
	if h.Version > Version {
		return h, nil, &VersionError{Have: h.Version, Known: Version}
	}
	return h, in.rows, nil
}

// Check reads a file to its end and returns its header and sums.
func Check(r io.Reader) (h Header, sums Sums, err error) {
	h, rows, err := Read(r)
	if err != nil {
		return h, nil, err
	}
	sums = Sums{}
	for row, err := range rows {
		if err != nil {
			return h, nil, err
		}
		sum := sums[row.Table.Name]
		sum.Rows++
		sums[row.Table.Name] = sum
	}
	return h, sums, nil
}

func errForeign() error {
	return job.Errorf(job.Invalid, "this is not a file that schedd store export wrote, nor a backup")
}

// plain looks through compression.
func plain(r io.Reader) (*lines, error) {
	in := bufio.NewReaderSize(r, 1<<20)
	if magic, _ := in.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return &lines{r: in}, nil
	}
	unzipped, err := gzip.NewReader(in)
	if err != nil {
		return nil, errForeign()
	}
	return &lines{r: bufio.NewReaderSize(unzipped, 1<<20)}, nil
}

// lines reads lines and counts them.
type lines struct {
	r *bufio.Reader
	b []byte
	n int
}

func (l *lines) next() ([]byte, error) {
	l.b = l.b[:0]
	l.n++
	for {
		part, err := l.r.ReadSlice('\n')
		l.b = append(l.b, part...)
		switch {
		case len(l.b) > maxLine:
			return nil, l.fault(errors.New("it is too long"))
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return l.b, io.EOF
		case err != nil:
			return nil, l.fault(err)
		default:
			return l.b, nil
		}
	}
}

func (l *lines) fault(err error) error {
	return job.Errorf(job.Invalid, "line %d cannot be read: %w", l.n, err)
}

func (l *lines) rows(yield func(Row, error) bool) {
	var tally Tally
	for {
		line, err := l.next()
		switch {
		case errors.Is(err, io.EOF):
			yield(Row{}, job.Errorf(job.Invalid, "the file is cut off after line %d", l.n-1))
			return
		case err != nil:
			yield(Row{}, err)
			return
		case bytes.HasPrefix(line, []byte(`{"end":`)):
			if err := l.finish(line, tally.Sums()); err != nil {
				yield(Row{}, err)
			}
			return
		}
		row, err := parseRow(line)
		if err != nil {
			yield(Row{}, l.fault(err))
			return
		}
		tally.add(row.Table, line)
		if !yield(row, nil) {
			return
		}
	}
}

// finish compares what was read with what the last line says was written.
func (l *lines) finish(line []byte, got Sums) error {
	var last end
	if err := json.Unmarshal(line, &last); err != nil {
		return l.fault(err)
	}
	if differ := last.Sums.Differ(got); differ != "" {
		return job.Errorf(job.Invalid, "the file was changed: %s", differ)
	}
	switch _, err := l.r.ReadByte(); { // what compresses has a checksum of its own behind the last line
	case err == nil:
		return job.Errorf(job.Invalid, "the file was changed: it goes on after its end")
	case errors.Is(err, io.EOF):
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return job.Errorf(job.Invalid, "the file is cut off after line %d", l.n)
	default:
		return l.fault(err)
	}
}
