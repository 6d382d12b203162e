package cli

import (
	"fmt"
	"strings"

	"github.com/agentic-sdlc/scheduler/cli/render"
)

// fact prints a line of what a command shows about one thing: a label, padded to column,
// and a text. On a terminal that is too narrow the text is broken between words, and goes
// on below where it began; a word that has no room on any line is left to the terminal, so
// that it can be copied.
func (a *app) fact(column int, label, text string) {
	head := fmt.Sprintf("  %-*s ", column, label)
	text = render.CleanLine(text)
	for i, line := range folded(text, a.room()-len(head)) {
		if i > 0 {
			head = strings.Repeat(" ", len(head))
		}
		a.say("%s%s", head, line)
	}
}

// folded breaks a text between words into lines of at most width columns; a width below
// 20 breaks nothing.
func folded(text string, width int) []string {
	if width < 20 || render.Width(text) <= width {
		return []string{text}
	}
	var lines []string
	line, columns := "", 0
	for i, word := range strings.Split(text, " ") {
		switch wide := render.Width(word); {
		case i == 0:
			line, columns = word, wide
		case columns+1+wide > width:
			lines = append(lines, strings.TrimRight(line, " "))
			line, columns = word, wide
		default:
			line, columns = line+" "+word, columns+1+wide
		}
	}
	return append(lines, line)
}
