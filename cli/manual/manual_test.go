package manual

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func tree() *cobra.Command {
	root := &cobra.Command{Use: "tool", Short: "Do things"}
	child := &cobra.Command{Use: "run JOB", Short: "Run a job", Long: "Run a job.\n.dots and 'quotes' start lines", Example: "  tool run x", Run: func(*cobra.Command, []string) {}}
	child.Flags().StringP("output", "o", "", "a|b")
	hidden := &cobra.Command{Use: "secret", Hidden: true, Run: child.Run}
	root.AddCommand(child, hidden)
	return root
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	got := string(Markdown(tree(), []Page{{"time", []byte("Times.\n")}}))
	for _, part := range []string{"## tool run\n", "tool run JOB", "| `-o, --output STRING` | a\\|b |", "## help time", "[tool run](#tool-run)", "```sh\ntool run x\n```"} {
		if !strings.Contains(got, part) {
			t.Errorf("lacks %q:\n%s", part, got)
		}
	}
	if strings.Contains(got, "secret") {
		t.Error("a hidden command is shown")
	}
}

func TestMan(t *testing.T) {
	t.Parallel()
	pages := Man(tree(), nil)
	if len(pages) != 2 || pages[1].Name != "tool-run.1" {
		t.Fatalf("%d pages", len(pages))
	}
	for line := range bytes.Lines(pages[1].Text) {
		request, _, _ := strings.Cut(string(bytes.TrimSpace(line)), " ")
		if strings.HasPrefix(request, ".") && !strings.Contains(" .TH .SH .TP .B .BR .nf .fi ", " "+request+" ") {
			t.Errorf("%q is no request of man pages", line)
		}
	}
	if !bytes.Contains(pages[1].Text, []byte("\n\\&.dots and 'quotes'")) || !bytes.Contains(pages[1].Text, []byte(`\-\-output`)) {
		t.Errorf("got %s", pages[1].Text)
	}
}
