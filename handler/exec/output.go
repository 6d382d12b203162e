package exec

import (
	"bytes"
	"errors"
	"os"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
)

// maxLast bounds the line of stderr that a failure quotes, in bytes.
const maxLast = 256

// pipe takes what a command writes to one of its files and logs it line by line. A
// line above 4 KiB goes as several. It keeps reading whatever becomes of the lines,
// so the command is never held up by its output.
type pipe struct {
	read, write *os.File
	stream      job.Stream
	log         handler.Log
	done        chan struct{}
	line        []byte
	cut         bool   // line goes on where the last one was cut
	last        string // that says something
	open        bool   // somebody can still write
}

func newPipe(stream job.Stream, log handler.Log) (*pipe, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	return &pipe{read: read, write: write, stream: stream, log: log, done: make(chan struct{})}, nil
}

// copy reads until nobody can write any more.
func (p *pipe) copy() {
	defer close(p.done)
	buf := make([]byte, 32<<10)
	for {
		n, err := p.read.Read(buf)
		if p.stream == job.StreamStderr {
			// Two pipes do not tell what was written first. When both are ready at once it
			// was mostly the output, and then the complaint with which the command ended.
			runtime.Gosched()
		}
		p.take(buf[:n])
		if err != nil {
			p.open = errors.Is(err, os.ErrDeadlineExceeded)
			break
		}
	}
	if len(p.line) > 0 {
		p.flush()
	}
}

// wait waits for the end of the output, at most until the given time. last and open
// may be read afterwards.
func (p *pipe) wait(until time.Time) {
	if err := p.read.SetReadDeadline(until); err != nil {
		p.read.Close() // cannot happen with a pipe; do not wait for ever
	}
	<-p.done
}

func (p *pipe) close() {
	p.read.Close()
	p.write.Close() // usually closed already, by whoever started the command
}

// take splits what was read into lines.
func (p *pipe) take(data []byte) {
	for len(data) > 0 {
		end := bytes.IndexByte(data, '\n')
		part, ended := data, false
		if end >= 0 {
			part, ended = data[:end], true
		}
		if room := job.MaxLogLine - len(p.line); len(part) > room {
			part, ended = part[:room], false
		}
		p.line = append(p.line, part...)
		data = data[len(part):]
		switch {
		case ended:
			data = data[1:]
			if len(p.line) > 0 || !p.cut {
				p.flush()
			}
			p.cut = false
		case len(p.line) == job.MaxLogLine:
			p.flushCut()
		}
	}
}

// flushCut logs a full line that goes on, but for a rune that is not complete.
func (p *pipe) flushCut() {
	keep := len(p.line)
	for i := 1; i < utf8.UTFMax && i < len(p.line); i++ {
		if tail := p.line[len(p.line)-i:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				keep -= i
			}
			break
		}
	}
	rest := bytes.Clone(p.line[keep:])
	p.line = p.line[:keep]
	p.flush()
	p.line = append(p.line, rest...)
	p.cut = true
}

// flush logs the line. Bytes that are no UTF-8, and NUL, which no store takes, become
// the replacement character.
func (p *pipe) flush() {
	for i, b := range p.line {
		if b == 0 {
			p.line[i] = 0xff
		}
	}
	text := strings.ToValidUTF8(strings.TrimSuffix(string(p.line), "\r"), "\uFFFD")
	p.line = p.line[:0]
	if strings.TrimSpace(text) != "" {
		p.last = clip(strings.TrimSpace(text), maxLast)
	}
	for len(text) > job.MaxLogLine { // replacement characters are longer than what they replace
		piece := clip(text, job.MaxLogLine)
		p.log.Line(job.LogInfo, p.stream, piece)
		text = text[len(piece):]
	}
	p.log.Line(job.LogInfo, p.stream, text)
}

// clip cuts valid UTF-8 to at most n bytes, at a rune's edge.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
