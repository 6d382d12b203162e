package jobfile

import (
	"encoding/json"
	"strings"
)

// kind is the kind of a value.
type kind int

const (
	kindNull kind = iota
	kindText
	kindNumber
	kindFlag
	kindList
	kindObject
	kindRefused // told about already
)

// String names a kind for a message.
func (k kind) String() string {
	return [...]string{"null", "a text", "a number", "true or false", "a list", "keys", "something else"}[k]
}

// node is a value with its place, whichever language it was written in.
type node struct {
	kind         kind
	text         string // of a text; a number or a flag as JSON has it
	line, column int
	keys         []*node // of an object, parallel to items
	items        []*node
	index        map[string]*node // of the keys, once there are many
}

// json writes a value as JSON, members in their order.
func (n *node) json(b *strings.Builder) {
	switch n.kind {
	case kindNull, kindRefused:
		b.WriteString("null")
	case kindText:
		b.WriteString(quoted(n.text))
	case kindNumber, kindFlag:
		b.WriteString(n.text)
	case kindList, kindObject:
		open, end := byte('['), byte(']')
		if n.kind == kindObject {
			open, end = '{', '}'
		}
		b.WriteByte(open)
		for i, item := range n.items {
			if i > 0 {
				b.WriteByte(',')
			}
			if n.kind == kindObject {
				b.WriteString(quoted(n.keys[i].text) + ":")
			}
			item.json(b)
		}
		b.WriteByte(end)
	}
}

// raw is json as a value.
func (n *node) raw() json.RawMessage {
	var b strings.Builder
	n.json(&b)
	return json.RawMessage(b.String())
}

// quoted is a text in JSON, as a store keeps it.
func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}
