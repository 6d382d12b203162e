package cli

import (
	"bytes"

	"github.com/spf13/cobra"
)

// Tree returns the whole tree of commands and the topics of help, for documentation.
func Tree() (root *cobra.Command, topicTexts map[string][]byte) {
	a := newApp(Env{})
	root = newRootCmd(a)
	topicTexts = map[string][]byte{}
	for _, name := range topics {
		var text bytes.Buffer
		a.out = &sink{w: &text}
		_ = a.topic(name) // memory takes everything
		topicTexts[name] = text.Bytes()
	}
	return root, topicTexts
}
