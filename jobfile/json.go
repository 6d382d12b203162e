package jobfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// readJSON reads every value of a text.
func (r *reader) readJSON(data []byte) []*node {
	p := &jsonReader{reader: r, data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	p.dec.UseNumber()
	var docs []*node
	for {
		n, ok := p.value(1)
		if !ok {
			return docs
		}
		if n != nil && n.kind != kindNull {
			docs = append(docs, n)
		}
	}
}

// jsonReader walks over tokens and knows where each begins.
type jsonReader struct {
	*reader
	data []byte
	dec  *json.Decoder
}

// next returns a token with its place; ok is false at the end and after a fault.
func (p *jsonReader) next() (token json.Token, at *node, ok bool) {
	start := int(p.dec.InputOffset())
	for start < len(p.data) && bytes.IndexByte([]byte(" \t\r\n,:"), p.data[start]) >= 0 {
		start++
	}
	at = p.place(start)
	token, err := p.dec.Token()
	if errors.Is(err, io.EOF) && start >= len(p.data) && p.depth == 0 {
		return nil, at, false
	}
	if err != nil {
		if bad, isSyntax := errors.AsType[*json.SyntaxError](err); isSyntax && bad.Offset > 0 {
			at = p.place(int(bad.Offset) - 1)
		}
		text := err.Error()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			text = "it ends too early"
		}
		p.add(at, "", "syntax", "this is not JSON: %s", text)
		return nil, at, false
	}
	return token, at, true
}

// place turns an offset into a line and a column.
func (p *jsonReader) place(offset int) *node {
	offset = min(offset, len(p.data))
	before := p.data[:offset]
	return &node{line: bytes.Count(before, []byte("\n")) + 1, column: len([]rune(string(before[bytes.LastIndexByte(before, '\n')+1:]))) + 1}
}

// value reads one value; n is nil when it was refused.
func (p *jsonReader) value(depth int) (n *node, ok bool) {
	token, n, ok := p.next()
	if !ok {
		return nil, false
	}
	if depth > maxDepth {
		p.add(n, "", "too_deep", "is nested deeper than %d levels", maxDepth)
		return nil, false
	}
	if p.count(n) {
		return nil, false
	}
	switch t := token.(type) {
	case nil:
	case string:
		n.kind, n.text = kindText, t
	case json.Number:
		n.kind, n.text = kindNumber, t.String()
	case bool:
		n.kind, n.text = kindFlag, "false"
		if t {
			n.text = "true"
		}
	case json.Delim:
		return n, p.inside(n, t, depth)
	}
	return n, true
}

// inside reads what a bracket opened.
func (p *jsonReader) inside(n *node, open json.Delim, depth int) bool {
	p.depth++
	defer func() { p.depth-- }()
	n.kind = kindList
	if open == '{' {
		n.kind = kindObject
	}
	for p.dec.More() {
		var key *node
		if n.kind == kindObject {
			token, at, ok := p.next()
			if !ok {
				return false
			}
			key = at
			key.kind, key.text = kindText, token.(string)
		}
		item, ok := p.value(depth + 1)
		switch {
		case !ok:
			return false
		case key != nil:
			p.member(n, key, item)
		default:
			n.items = append(n.items, item)
		}
	}
	_, _, ok := p.next()
	return ok
}
