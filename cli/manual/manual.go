// Package manual writes the reference of a tree of commands: as one page of Markdown and
// as man pages. It is used when the project is built, never by the commands themselves.
package manual

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Page is one file.
type Page struct {
	Name string
	Text []byte
}

// walk calls f for every command that people see, parents first.
func walk(cmd *cobra.Command, f func(*cobra.Command)) {
	f(cmd)
	for _, child := range cmd.Commands() {
		if child.IsAvailableCommand() {
			walk(child, f)
		}
	}
}

// about is what a command is for, at length.
func about(cmd *cobra.Command) string {
	if cmd.Long != "" {
		return cmd.Long
	}
	return cmd.Short + "."
}

// usage is how a command is called.
func usage(cmd *cobra.Command) string {
	line := strings.TrimSuffix(cmd.CommandPath(), cmd.Name()) + cmd.Use
	if cmd.HasAvailableSubCommands() {
		line += " COMMAND"
	}
	return line
}

// flags calls f for the flags of the command itself.
func flags(cmd *cobra.Command, f func(*pflag.Flag)) {
	set := cmd.LocalNonPersistentFlags()
	if !cmd.HasParent() {
		set = cmd.PersistentFlags()
	}
	set.VisitAll(func(flag *pflag.Flag) {
		if !flag.Hidden && flag.Name != "help" {
			f(flag)
		}
	})
}

// spelled is a flag as it is typed.
func spelled(f *pflag.Flag) string {
	text := "--" + f.Name
	if f.Shorthand != "" {
		text = "-" + f.Shorthand + ", " + text
	}
	if kind := f.Value.Type(); f.NoOptDefVal == "" && kind != "bool" {
		text += " " + strings.ToUpper(kind)
	}
	return text
}

// Markdown writes the reference as one page. topics are texts by name, in order.
func Markdown(root *cobra.Command, topics []Page) []byte {
	var b bytes.Buffer
	name := root.Name()
	fmt.Fprintf(&b, "# %s\n\nGenerated from the commands by `make generate`; do not edit.\n\n", name)
	walk(root, func(cmd *cobra.Command) {
		depth := strings.Count(cmd.CommandPath(), " ")
		fmt.Fprintf(&b, "%s- [%s](#%s): %s\n", strings.Repeat("  ", depth), cmd.CommandPath(), strings.ReplaceAll(cmd.CommandPath(), " ", "-"), cmd.Short)
	})
	walk(root, func(cmd *cobra.Command) {
		fmt.Fprintf(&b, "\n## %s\n\n```\n%s\n```\n", cmd.CommandPath(), about(cmd))
		fmt.Fprintf(&b, "\n```\n%s\n```\n", usage(cmd))
		if len(cmd.Aliases) > 0 {
			fmt.Fprintf(&b, "\nAliases: %s\n", strings.Join(cmd.Aliases, ", "))
		}
		if cmd.Example != "" {
			fmt.Fprintf(&b, "\n```sh\n%s\n```\n", unindented(cmd.Example))
		}
		head := "\n| flag | meaning |\n|---|---|\n"
		flags(cmd, func(f *pflag.Flag) {
			fmt.Fprintf(&b, "%s| `%s` | %s |\n", head, spelled(f), strings.ReplaceAll(f.Usage, "|", `\|`))
			head = ""
		})
	})
	for _, t := range topics {
		fmt.Fprintf(&b, "\n## help %s\n\n```\n%s```\n", t.Name, t.Text)
	}
	return b.Bytes()
}

func unindented(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "  ")
	}
	return strings.Join(lines, "\n")
}

// Man writes a man page for each command, in section 1.
func Man(root *cobra.Command, topics []Page) []Page {
	var pages []Page
	walk(root, func(cmd *cobra.Command) {
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-")
		var b bytes.Buffer
		fmt.Fprintf(&b, ".TH %q 1 \"\" %q \"User Commands\"\n", strings.ToUpper(name), root.Name())
		fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(name), roff(cmd.Short))
		fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", roff(usage(cmd)))
		fmt.Fprintf(&b, ".SH DESCRIPTION\n%s", literal(about(cmd)))
		if cmd.HasAvailableSubCommands() {
			b.WriteString(".SH COMMANDS\n")
			for _, child := range cmd.Commands() {
				if child.IsAvailableCommand() {
					fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(child.Name()), roff(child.Short))
				}
			}
		}
		head := ".SH OPTIONS\n"
		flags(cmd, func(f *pflag.Flag) {
			fmt.Fprintf(&b, "%s.TP\n.B %s\n%s\n", head, roff(spelled(f)), roff(f.Usage))
			head = ""
		})
		if cmd.Example != "" {
			fmt.Fprintf(&b, ".SH EXAMPLES\n%s", literal(unindented(cmd.Example)))
		}
		if !cmd.HasParent() {
			for _, t := range topics {
				fmt.Fprintf(&b, ".SH %s\n%s", strings.ToUpper(roff(t.Name)), literal(string(t.Text)))
			}
		}
		also := "schedctl (1)"
		if cmd.HasParent() {
			also = roff(strings.ReplaceAll(cmd.Parent().CommandPath(), " ", "-")) + " (1)"
		}
		fmt.Fprintf(&b, ".SH SEE ALSO\n.BR %s\n", also)
		pages = append(pages, Page{name + ".1", b.Bytes()})
	})
	return pages
}

// literal is text that keeps its lines.
func literal(text string) string {
	var b strings.Builder
	b.WriteString(".nf\n")
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		b.WriteString(roff(line) + "\n")
	}
	b.WriteString(".fi\n")
	return b.String()
}

// roff escapes what the formatter would read as its own.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}
