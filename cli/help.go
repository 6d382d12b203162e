package cli

import (
	"embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/agentic-sdlc/scheduler/job"
)

//go:embed topics/*.txt
var topicFiles embed.FS

// topics are what "schedctl help" explains beside commands.
var topics = []string{"environment", "exit-codes", "expressions", "identifiers", "job-files", "output", "schedules", "time"}

func newHelpCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND|TOPIC]",
		Short: "Explain a command or a topic",
		Long:  "Explain a command, or one of the topics " + strings.Join(topics, ", ") + ".",
		Example: `  schedctl help job create cron
  schedctl help topics
  schedctl help exit-codes`,
		Args: cobra.ArbitraryArgs,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			found, _, err := cmd.Root().Find(args)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []string
			for _, child := range found.Commands() {
				if child.IsAvailableCommand() {
					names = append(names, cobra.CompletionWithDesc(child.Name(), child.Short))
				}
			}
			if len(args) == 0 {
				names = append(names, allTopics)
				names = append(names, topics...)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: a.action(func(cmd *cobra.Command, args []string) error { return runHelp(a, cmd.Root(), args) }),
	}
}

func runHelp(a *app, root *cobra.Command, args []string) error {
	switch {
	case len(args) == 1 && args[0] == allTopics:
		return a.listTopics()
	case len(args) == 1 && slices.Contains(topics, args[0]):
		return a.topic(args[0])
	}
	cmd, rest, err := root.Find(args)
	if err != nil || len(rest) > 0 {
		e := usagef("no command or topic %q", strings.Join(args, " "))
		if meant := job.Nearest(strings.Join(args, "-"), slices.Concat(topics, names(root))); meant != "" {
			return e.WithHint("did you mean %q?", meant)
		}
		return e.WithHint("topics: %s", strings.Join(topics, ", "))
	}
	a.writeHelp(a.out, cmd)
	return nil
}

// allTopics is the topic that tells of the others.
const allTopics = "topics"

// listTopics prints what each topic is about: its first sentence.
func (a *app) listTopics() error {
	for _, name := range topics {
		text, err := topicFiles.ReadFile("topics/" + name + ".txt")
		if err != nil {
			return fmt.Errorf("read topic: %w", err)
		}
		first, _, _ := strings.Cut(string(text), "\n")
		first, _, _ = strings.Cut(first, ". ")
		a.say("%-12s  %s", name, strings.TrimSuffix(first, "."))
	}
	return nil
}

// topic prints one topic.
func (a *app) topic(name string) error {
	text, err := topicFiles.ReadFile("topics/" + name + ".txt")
	if err != nil {
		return fmt.Errorf("read topic: %w", err)
	}
	if _, err := a.out.Write(text); err != nil {
		return err
	}
	if name == "exit-codes" {
		for _, row := range exitMeanings {
			a.say("%5d  %s", row.status, row.meaning)
		}
	}
	return nil
}

// help is what --help does.
func (a *app) help(cmd *cobra.Command, _ []string) {
	a.began = true
	a.writeHelp(a.out, cmd)
}

// writeHelp prints: what it is, examples, usage, children, flags.
func (a *app) writeHelp(w io.Writer, cmd *cobra.Command) {
	var b strings.Builder
	what := cmd.Long
	if what == "" {
		what = cmd.Short + "."
	}
	b.WriteString(what + "\n")
	if cmd.Example != "" {
		b.WriteString("\nExamples:\n" + cmd.Example + "\n")
	}
	b.WriteString("\nUsage:\n  " + strings.TrimPrefix(usageOf(cmd), "usage: "))
	if cmd.HasAvailableSubCommands() {
		b.WriteString(" COMMAND")
	}
	b.WriteString("\n")
	if len(cmd.Aliases) > 0 {
		b.WriteString("\nAliases: " + strings.Join(cmd.Aliases, ", ") + "\n")
	}
	children(&b, cmd)
	section(&b, "Flags", cmd.LocalNonPersistentFlags().FlagUsages())
	if cmd.HasParent() {
		section(&b, `Global flags, which "schedctl --help" explains`, inherited(cmd))
	} else {
		section(&b, "Global flags", cmd.PersistentFlags().FlagUsages())
		b.WriteString("\nTopics: " + strings.Join(topics, ", ") + ` ("schedctl help TOPIC")` + "\n")
	}
	_, _ = io.WriteString(w, b.String())
}

// children lists the commands below cmd, by group where there are groups.
func children(b *strings.Builder, cmd *cobra.Command) {
	list := func(title, id string) {
		var text strings.Builder
		for _, child := range cmd.Commands() {
			if child.IsAvailableCommand() && child.GroupID == id {
				text.WriteString(fmt.Sprintf("  %-12s %s\n", child.Name(), child.Short))
			}
		}
		section(b, title, text.String())
	}
	for _, g := range cmd.Groups() {
		list(g.Title, g.ID)
	}
	title := "Commands"
	if len(cmd.Groups()) > 0 {
		title = "Other"
	}
	list(title, "")
}

// inherited names the flags that every command has: explained each time, they would hide
// those of the command.
func inherited(cmd *cobra.Command) string {
	var names []string
	cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, "--"+f.Name)
		}
	})
	const columns = 78
	return "  " + strings.Join(folded(strings.Join(names, " "), columns), "\n  ") + "\n"
}

func section(b *strings.Builder, title, text string) {
	if text != "" {
		b.WriteString("\n" + title + ":\n" + text)
	}
}

// names are those of a command's children.
func names(cmd *cobra.Command) (names []string) {
	for _, child := range cmd.Commands() {
		names = append(names, child.Name())
	}
	return names
}
