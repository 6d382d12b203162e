package cli

import (
	"bytes"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
)

func newConfigUseCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "use-context NAME",
		Aliases:           []string{"use"},
		Short:             "Choose the context that is used from now on",
		Example:           "  schedctl config use-context prod",
		Args:              exactly("NAME"),
		ValidArgsFunction: completeContexts(a, 1),
		RunE: a.action(func(_ *cobra.Command, args []string) error {
			if a.contexts.find(args[0]) == nil {
				return noContext(a, args[0])
			}
			return a.changeConfig(args[0], "is used from now on", func(f *yaml.Node) { put(f, "current_context", args[0]) })
		}),
	}
}

func noContext(a *app, name string) error {
	e := usagef("no context %q", name)
	if len(a.contexts.Contexts) == 0 {
		return e.WithHint("schedctl config set-context %s --server unix:///run/schedd/schedd.sock", name)
	}
	return e.WithHint("%s", notAllowed(name, a.contexts.names()).Error())
}

// contextFlags are the flags of config set-context.
type contextFlags struct {
	confirm bool
	color   string
}

func newConfigSetCmd(a *app) *cobra.Command {
	var o contextFlags
	cmd := &cobra.Command{
		Use:        "set-context NAME",
		Aliases:    []string{"set", "create"},
		SuggestFor: []string{"add", "new"},
		Short:      "Create a context, or change what is given",
		Long: `Create a context, or change what is given: --server, --token-file, --ca-file,
--platform, --tz and --output are remembered instead of used. An empty value forgets.`,
		Example: `  schedctl config set-context prod --server https://schedd.example.org:7233 --confirm --color red
  schedctl config set-context local --server unix:///run/schedd/schedd.sock --output wide`,
		Args:              exactly("NAME"),
		ValidArgsFunction: completeContexts(a, 1),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			if !nameRule(args[0]) {
				return usagef("%q is no name for a context", args[0]).WithHint("use letters, digits, dot, underscore and hyphen")
			}
			for field, path := range map[string]string{"token_file": a.g.tokenFile, "ca_file": a.g.caFile} {
				if _, err := a.contextPath(field, path); path != "" && err != nil {
					return err
				}
			}
			return a.changeConfig(args[0], "is set", func(f *yaml.Node) { setContext(cmd, f, args[0]) })
		}),
	}
	cmd.Flags().BoolVar(&o.confirm, "confirm", false, "ask before every change")
	enumVar(cmd, &o.color, "label", "colour of its name where it asks", "red", "green", "yellow", "cyan", "bold")
	return cmd
}

func nameRule(name string) bool {
	for _, r := range name {
		if !isLetterOrDigit(r) && r != '.' && r != '_' && r != '-' {
			return false
		}
	}
	return name != "" && len(name) <= 64
}

// setContext writes the flags that were given into a context.
func setContext(cmd *cobra.Command, file *yaml.Node, name string) {
	entry := contextNode(file, name, true)
	for _, f := range []struct{ flag, field string }{
		{"server", "server"}, {"platform", "platform"}, {"tz", "tz"}, {"output", "output"},
		{"token-file", "token_file"}, {"ca-file", "ca_file"}, {"confirm", "confirm"}, {"label", "color"},
	} {
		if flag := cmd.Flags().Lookup(f.flag); flag != nil && flag.Changed {
			put(entry, f.field, flag.Value.String())
		}
	}
}

func newConfigDeleteCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "delete-context NAME",
		Aliases:           []string{"delete", "rm"},
		Short:             "Forget a context",
		Example:           "  schedctl config delete-context old",
		Args:              exactly("NAME"),
		ValidArgsFunction: completeContexts(a, 1),
		RunE: a.action(func(_ *cobra.Command, args []string) error {
			if a.contexts.find(args[0]) == nil {
				return noContext(a, args[0])
			}
			return a.changeConfig(args[0], "is forgotten", func(f *yaml.Node) {
				list := member(f, "contexts")
				for i, entry := range list.Content {
					if n := member(entry, "name"); n != nil && n.Value == args[0] {
						list.Content = append(list.Content[:i], list.Content[i+1:]...)
						break
					}
				}
				if current := member(f, "current_context"); current != nil && current.Value == args[0] {
					put(f, "current_context", "")
				}
			})
		}),
	}
}

// changeConfig changes the file of contexts in place: comments and order stay.
func (a *app) changeConfig(name, done string, change func(file *yaml.Node)) error {
	path, err := a.configPath()
	if err != nil {
		return err
	}
	var doc yaml.Node
	text, err := a.env.ReadFile(path)
	if err == nil {
		if err := yaml.Unmarshal(text, &doc); err != nil {
			return usagef("%s: %v", path, err)
		}
	}
	if len(doc.Content) == 0 {
		doc = yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode}}}
	}
	change(doc.Content[0])
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(&doc); err != nil {
		return internal("write %s: %w", path, err)
	}
	after, err := parseContexts(path, out.Bytes())
	if err != nil {
		return err
	}
	if err := a.env.WriteFile(path, out.Bytes()); err != nil {
		return usagef("write %s: %v", path, err)
	}
	shown := or(after.Current, "")
	entry := after.find(name)
	if entry == nil {
		entry = &contextEntry{Name: name}
	}
	return printOne(a, *entry, name, func() error {
		a.say("context %s %s", name, done)
		if shown == "" && len(after.Contexts) > 0 {
			a.hint("schedctl config use-context %s", after.Contexts[0].Name)
		}
		return nil
	})
}

// member returns the value of a key of a mapping, nil when it has none.
func member(m *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return m.Content[i+1]
		}
	}
	return nil
}

// put gives a key of a mapping a value; "" takes the key away.
func put(m *yaml.Node, key, value string) {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value != key {
			continue
		}
		if value == "" {
			m.Content = append(m.Content[:i], m.Content[i+2:]...)
			return
		}
		m.Content[i+1] = scalar(value)
		return
	}
	if value != "" {
		m.Content = append(m.Content, scalar(key), scalar(value))
	}
}

// scalar is a value that reads back as what it is: true stays true, text stays text.
func scalar(value string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: value}
	if value != "true" && value != "false" {
		n.Tag = "!!str"
	}
	return n
}

// contextNode finds the entry of a context and, with create, makes one.
func contextNode(file *yaml.Node, name string, create bool) *yaml.Node {
	list := member(file, "contexts")
	if list == nil || list.Kind != yaml.SequenceNode {
		put(file, "contexts", "-")
		list = member(file, "contexts")
		*list = yaml.Node{Kind: yaml.SequenceNode}
	}
	for _, entry := range list.Content {
		if n := member(entry, "name"); n != nil && n.Value == name {
			return entry
		}
	}
	if !create {
		return nil
	}
	entry := &yaml.Node{Kind: yaml.MappingNode}
	put(entry, "name", name)
	list.Style = 0
	list.Content = append(list.Content, entry)
	return entry
}
