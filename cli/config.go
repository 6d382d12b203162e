package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
)

func newConfigCmd(a *app) *cobra.Command {
	return in(groupOperations, group(a, &cobra.Command{
		Use:        "config",
		Aliases:    []string{"context", "contexts"},
		SuggestFor: []string{"ctx"},
		Short:      "Name daemons, and choose one of them",
		Long: `Name daemons, and choose one of them. Contexts live in ~/.config/schedctl/config.yaml
(XDG_CONFIG_HOME, --config, SCHEDCTL_CONFIG):

  current_context: prod
  contexts:
    - name: prod
      server: https://schedd.example.org:7233
      token_file: ~/.config/schedctl/prod.token
      platform: web
      tz: Europe/Berlin
      output: wide
      confirm: true      # ask before every change
      color: red

Flags win over the environment, the environment over the context. The token of a context
is for its server only.`,
		Example: `  schedctl config set-context prod --server unix:///run/schedd/schedd.sock --platform web
  schedctl config use-context prod
  schedctl config view --show-origin`,
	}, newConfigViewCmd(a), newConfigListCmd(a), newConfigUseCmd(a), newConfigSetCmd(a), newConfigDeleteCmd(a), newConfigPathCmd(a)))
}

// effective is one setting as it stands.
type effective struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Origin string `json:"origin"`
}

func newConfigViewCmd(a *app) *cobra.Command {
	var origins bool
	cmd := &cobra.Command{
		Use:               "view",
		SuggestFor:        []string{"show", "get"},
		Short:             "Show the settings as they stand",
		Example:           "  schedctl config view --show-origin\n  schedctl config view -c prod -o json",
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, _ []string) error {
			return runConfigView(a, cmd, origins)
		}),
	}
	cmd.Flags().BoolVar(&origins, "show-origin", false, "say where each comes from")
	return cmd
}

func runConfigView(a *app, cmd *cobra.Command, origins bool) error {
	flags := cmd.Root().PersistentFlags()
	items := []effective{}
	if a.context != nil {
		items = append(items, effective{"context", a.context.Name, a.contextOrigin()})
	}
	for _, s := range settings {
		value, origin := a.originOf(s, flags)
		if s.flag == "server" && value == "" {
			if c, err := client.New(client.Options{Getenv: a.env.Getenv}); err == nil {
				value = c.Server()
			}
		}
		if s.flag == "server" {
			value = client.ShownServer(value)
		}
		items = append(items, effective{s.flag, value, origin})
	}
	if path, origin := a.tokenOrigin(); origin != "" {
		items = append(items, effective{"token_file", path, origin})
	}
	return printList(a, listing[effective]{
		Items: items, Total: int64(len(items)),
		Name: func(e effective) string { return e.Name },
		Table: func(items []effective, wide bool) *render.Table {
			headers := []string{"SETTING=name", "VALUE"}
			if origins || wide {
				headers = append(headers, "ORIGIN")
			}
			t := render.NewTable(headers...)
			for _, e := range items {
				row := []string{e.Name, or(e.Value, human.Absent)}
				if origins || wide {
					row = append(row, e.Origin)
				}
				t.AddText(row...)
			}
			return t
		},
	})
}

// contextOrigin says who chose the context.
func (a *app) contextOrigin() string {
	switch path, _ := a.configPath(); {
	case a.g.context != "":
		return "flag --context"
	case a.env.Getenv("SCHEDCTL_CONTEXT") != "":
		return "SCHEDCTL_CONTEXT"
	default:
		return path
	}
}

func newConfigListCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:               "get-contexts",
		Aliases:           []string{"list", "ls"},
		Short:             "List the contexts; * marks the one in use",
		Example:           "  schedctl config get-contexts\n  schedctl config get-contexts -o name",
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE: a.action(func(*cobra.Command, []string) error {
			return printList(a, listing[contextEntry]{
				Items: a.contexts.Contexts, Total: int64(len(a.contexts.Contexts)),
				Name:  func(c contextEntry) string { return c.Name },
				Table: a.contextTable,
				None:  "No contexts found.",
			})
		}),
	}
	listsOf(a, cmd, a.contextTable)
	return cmd
}

func (a *app) contextTable(contexts []contextEntry, _ bool) *render.Table {
	t := render.NewTable("USED", "NAME", "SERVER", "PLATFORM", "?TZ", "?OUTPUT", "?CONFIRM")
	for _, c := range contexts {
		used := ""
		if a.context != nil && a.context.Name == c.Name {
			used = "*"
		}
		t.AddText(used, c.Name, or(client.ShownServer(c.Server), human.Absent), or(c.Platform, human.Absent), or(c.TZ, human.Absent), or(c.Output, human.Absent), fmt.Sprint(c.Confirm))
	}
	return t
}

func newConfigPathCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "path",
		Short:             "Print where the contexts are kept",
		Example:           "  schedctl config path",
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE: a.action(func(*cobra.Command, []string) error {
			path, err := a.configPath()
			if err != nil {
				return err
			}
			return printOne(a, map[string]string{"path": path}, path, func() error {
				a.say("%s", path)
				return nil
			})
		}),
	}
}
