package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Whoever names a command gets it whether the whole tree was built or only its branch.
func TestLeanTreeIsTheSameTree(t *testing.T) {
	t.Parallel()
	walk(newRootCmd(newApp(Env{})), func(whole *cobra.Command) {
		parents := []string{}
		for c := whole.Parent(); c != nil && c.HasParent(); c = c.Parent() {
			parents = append([]string{c.Name()}, parents...)
		}
		for _, name := range append([]string{whole.Name()}, whole.Aliases...) {
			if !whole.HasParent() {
				continue
			}
			args := append(append([]string{}, parents...), name)
			a := newApp(Env{})
			a.words = leanWords(append(args, "--flag", "x"))
			root := newRootCmd(a)
			lean, _, err := root.Find(args)
			if err != nil || lean.CommandPath() != whole.CommandPath() || lean.Short != whole.Short {
				t.Errorf("%s finds %v, %v", strings.Join(args, " "), lean.CommandPath(), err)
			}
			if n := len(root.Commands()); n != 1 && lean.Name() != "help" {
				t.Errorf("%s builds %d commands of the root: is its name, or its alias, not in the table?", strings.Join(args, " "), n)
			}
			parent := lean.Parent()
			if first := args[0]; len(args) == 2 && (first == "job" || first == "execution") && len(parent.Commands()) != 1 {
				t.Errorf("%s builds %d commands of %s", strings.Join(args, " "), len(parent.Commands()), first)
			}
		}
	})
}

func BenchmarkLeanTree(b *testing.B) {
	for b.Loop() {
		a := newApp(Env{})
		a.words = []string{"job", "list"}
		newRootCmd(a)
	}
}

func BenchmarkWholeTree(b *testing.B) {
	for b.Loop() {
		newRootCmd(newApp(Env{}))
	}
}
