package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/job"
)

func newLoginCmd(a *app) *cobra.Command {
	return in(groupOperations, &cobra.Command{
		Use:        "login",
		SuggestFor: []string{"auth", "signin"},
		Short:      "Keep a token for a server, so that later commands show it",
		Long: `Read a token from standard input, or from --token-file, ask the server of --server who
that is, and keep the token in a file for its owner only, below ~/.config/schedctl/tokens.
It is shown to that server and to no other. --token-file, SCHEDCTL_TOKEN,
SCHEDCTL_TOKEN_FILE and the token_file of a context win over it.`,
		Example: `  schedctl login --server https://sched.example.org:7070 <ci.token
  schedctl login --server http://127.0.0.1:7070 --token-file ci.token`,
		Args:              none,
		ValidArgsFunction: noFiles,
		RunE:              a.action(func(cmd *cobra.Command, _ []string) error { return runLogin(cmd.Context(), a) }),
	})
}

func runLogin(ctx context.Context, a *app) error {
	if a.g.tokenFile == "" {
		a.g.tokenFile = "-"
		if a.env.IsTerminal(a.env.In) {
			a.note("paste the token, then Ctrl-D")
		}
	}
	if a.g.server == "" && a.env.Getenv("SCHEDCTL_SERVER") == "" {
		return usagef("login where?").WithHint("name the server: --server https://host:port")
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	w, err := c.Whoami(ctx)
	if err != nil {
		return err
	}
	path := c.KeptToken()
	if path == "" {
		return job.Errorf(job.Invalid, "there is no place to keep the token: neither XDG_CONFIG_HOME nor HOME is set")
	}
	file, err := replaceSecret(path)
	if err != nil {
		return err
	}
	if err := file.keep(c.Shown()); err != nil {
		return err
	}
	return printOne(a, w, w.Name, func() error {
		a.say("logged in to %s as %s, %s of %s; the token is kept in %s", c.Server(), w.Name, w.Role, reachOf(&w), path)
		return nil
	})
}
