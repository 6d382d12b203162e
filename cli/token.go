package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
)

func newTokenCmd(a *app) *cobra.Command {
	return in(groupOperations, group(a, &cobra.Command{
		Use:        "token",
		Aliases:    []string{"tokens"},
		SuggestFor: []string{"credential", "apikey", "key"},
		Short:      "Make and end tokens for the API over the network",
		Example: `  schedctl token create ci --role operator --platform web --out ci.token
  schedctl token list`,
	}, newTokenCreateCmd(a), newTokenListCmd(a), newTokenRotateCmd(a), newTokenRevokeCmd(a)))
}

// tokenOut is where the secret of a new token goes.
type tokenOut struct {
	file    string
	expires time.Duration
}

func (o *tokenOut) declare(cmd *cobra.Command) {
	o.expires = 90 * 24 * time.Hour
	durationVar(cmd.Flags(), &o.expires, "expires", "how long it is valid, at most 366d")
	cmd.Flags().StringVar(&o.file, "out", "", "write it into this new file, for its owner only; default standard output")
	_ = cmd.RegisterFlagCompletionFunc("expires", noFiles)
}

// issue makes a token and hands out its secret, into the file or to standard output.
func (a *app) issue(o tokenOut, make func() (api.NewToken, error)) error {
	var file *secretFile
	if o.file != "" && o.file != "-" {
		var err error
		if file, err = newSecret(o.file); err != nil {
			return err
		}
	}
	t, err := make()
	if err != nil {
		if file != nil {
			file.forget()
		}
		return err
	}
	if file == nil {
		if !a.structured() && !a.namesOnly() {
			a.say("%s", t.Secret)
			a.note("token %s expires %s; it is not shown again", t.Name, t.ExpiresAt.In(a.g.zone).Format(time.DateOnly))
			return nil
		}
		return printOne(a, t, t.Secret, nil)
	}
	if err := file.keep(t.Secret); err != nil {
		return err
	}
	return printOne(a, t.Token, t.Name, func() error {
		a.say("token %s written to %s (0600), expires %s; it is not shown again", t.Name, o.file, t.ExpiresAt.In(a.g.zone).Format(time.DateOnly))
		return nil
	})
}

// completeTokens completes names of tokens that are not revoked.
func completeTokens(a *app) completer {
	return func(_ *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, noFileComp
		}
		var names []string
		a.ask(func(ctx context.Context, c *client.Client) {
			tokens, _ := c.Tokens(ctx)
			for i := range tokens {
				if t := &tokens[i]; t.State != api.TokenRevoked && strings.HasPrefix(t.Name, prefix) {
					names = append(names, described(t.Name, t.Role))
				}
			}
		})
		return names, noFileComp
	}
}

var tokenMarks = map[string]mark{
	api.TokenValid: {"●", "*", render.Green}, api.TokenExpired: {"✗", "x", render.Red}, api.TokenRevoked: {"⊘", "-", render.Dim},
}

func (a *app) tokenTable(tokens []api.Token, wide bool) *render.Table {
	headers := []string{"TOKEN", "STATE", "ROLE", "PLATFORM", "EXPIRES", "?LAST USED", "?ID"}
	if wide {
		headers = append(headers, "CREATED", "BY", "REVOKED", "~REVOKED BY")
	}
	t := render.NewTable(headers...)
	for i := range tokens {
		k := &tokens[i]
		row := []render.Cell{
			render.Text(k.Name), a.marked(k.State, tokenMarks[k.State]), render.Text(k.Role), render.Text(platformOf(k.PlatformID)),
			render.Text(a.when(&k.ExpiresAt)), render.Text(a.when(k.LastUsedAt)), render.Text(k.ID),
		}
		if wide {
			for _, text := range []string{a.when(&k.CreatedAt), k.CreatedBy, a.when(k.RevokedAt), or(k.RevokedBy, human.Absent)} {
				row = append(row, render.Text(text))
			}
		}
		t.Add(row...)
	}
	return t
}

// platformOf shows a platform: the reserved one is default, all of them *.
func platformOf(id *string) string {
	if id == nil {
		return "default"
	}
	return *id
}
