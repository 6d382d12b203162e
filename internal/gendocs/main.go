// Command gendocs writes the reference of schedctl: "gendocs markdown" to standard output,
// "gendocs man DIR" as man pages into a folder.
package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/agentic-sdlc/scheduler/cli"
	"github.com/agentic-sdlc/scheduler/cli/manual"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gendocs:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	tree, texts := cli.Tree()
	topics := make([]manual.Page, 0, len(texts))
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		topics = append(topics, manual.Page{Name: name, Text: texts[name]})
	}
	switch {
	case len(args) == 1 && args[0] == "markdown":
		_, err := os.Stdout.Write(manual.Markdown(tree, topics))
		return err
	case len(args) == 2 && args[0] == "man":
		if err := os.MkdirAll(args[1], 0o755); err != nil {
			return err
		}
		for _, page := range manual.Man(tree, topics) {
			if err := os.WriteFile(filepath.Join(args[1], page.Name), page.Text, 0o644); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("usage: gendocs markdown, or gendocs man DIR")
}
