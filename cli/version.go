package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/render"
)

type versionOptions struct {
	client bool
}

func newVersionCmd(a *app) *cobra.Command {
	var o versionOptions
	cmd := &cobra.Command{
		Use:               "version",
		Short:             "Print the versions of schedctl and schedd",
		Example:           "  schedctl version\n  schedctl version --client",
		GroupID:           groupOperations,
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, _ []string) error {
			return runVersion(cmd.Context(), a, o)
		}),
	}
	cmd.Flags().BoolVar(&o.client, "client", false, "only that of schedctl; needs no daemon")
	return cmd
}

// versions is what version prints for programs.
type versions struct {
	Client api.Version  `json:"client"`
	Server *api.Version `json:"server"`
}

func (a *app) version() api.Version {
	b := a.env.Build()
	return api.Version{Version: b.Version, Commit: b.Commit, Built: b.Date, Go: b.Go, Platform: b.OS + "/" + b.Arch, API: "v1"}
}

func runVersion(ctx context.Context, a *app, o versionOptions) error {
	v := versions{Client: a.version()}
	var serverErr error
	if !o.client {
		c, err := a.connect()
		if err != nil {
			return err
		}
		server, err := c.Version(ctx)
		if serverErr = err; err == nil {
			v.Server = &server
		}
	}
	if err := printOne(a, v, v.Client.Version, func() error { return a.showVersions(v) }); err != nil {
		return err
	}
	return serverErr
}

func (a *app) showVersions(v versions) error {
	t := render.NewTable("", "VERSION", "COMMIT", "BUILT", "?GO", "?PLATFORM")
	add := func(name string, v api.Version) { t.AddText(name, v.Version, v.Commit, v.Built, v.Go, v.Platform) }
	add("schedctl", v.Client)
	if v.Server != nil {
		add("schedd", *v.Server)
	}
	if err := a.printTable(t); err != nil {
		return err
	}
	if s := v.Server; s != nil {
		a.say("server: %s  api %s  schema %d  store %s  queue %s", a.client.Server(), s.API, s.Schema, s.Store, s.Queue)
		if s.Version != v.Client.Version {
			a.note("warning: schedctl and schedd have different versions")
		}
	}
	return nil
}
