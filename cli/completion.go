package cli

import (
	"bytes"

	"github.com/spf13/cobra"
)

func newCompletionCmd(a *app) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print a completion script for a shell",
		Long: `Print a completion script for a shell. Names of jobs, executions and handlers are
completed as well, by asking the daemon.

  bash        source <(schedctl completion bash)
  zsh         schedctl completion zsh > "${fpath[1]}/_schedctl"
  fish        schedctl completion fish > ~/.config/fish/completions/schedctl.fish
  powershell  schedctl completion powershell | Out-String | Invoke-Expression`,
		Example: "  source <(schedctl completion bash)",
		GroupID: groupOperations,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := exactly("SHELL")(cmd, args); err != nil {
				return err
			}
			if _, known := generators[args[0]]; !known {
				return usagef("unknown shell %q", args[0]).WithHint("%s", notAllowed(args[0], shells).Error())
			}
			return nil
		},
		ValidArgsFunction: cobra.FixedCompletions(shells, noFileComp),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			script, err := completionScript(cmd.Root(), args[0])
			if err != nil {
				return err
			}
			_, err = a.out.Write(script)
			return err
		}),
	}
}

var generators = map[string]func(root *cobra.Command, to *bytes.Buffer) error{
	"bash":       func(root *cobra.Command, to *bytes.Buffer) error { return root.GenBashCompletionV2(to, true) },
	"zsh":        func(root *cobra.Command, to *bytes.Buffer) error { return root.GenZshCompletion(to) },
	"fish":       func(root *cobra.Command, to *bytes.Buffer) error { return root.GenFishCompletion(to, true) },
	"powershell": func(root *cobra.Command, to *bytes.Buffer) error { return root.GenPowerShellCompletionWithDesc(to) },
}

// completionScript writes the script of a shell.
func completionScript(root *cobra.Command, shell string) ([]byte, error) {
	var buf bytes.Buffer
	err := generators[shell](root, &buf)
	return buf.Bytes(), err
}
