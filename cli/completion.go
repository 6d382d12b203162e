package cli

import (
	"bytes"
	"path"

	"github.com/spf13/cobra"
)

func newCompletionCmd(a *app) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	cmd := &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell|install",
		Short: "Print a completion script for a shell, or install it",
		Long: `Print a completion script for a shell. Names of jobs, executions and handlers are
completed as well, by asking the daemon.

  schedctl completion install     for the shell in SHELL, or the one that is named

  bash        source <(schedctl completion bash); needs the package bash-completion
  zsh         schedctl completion zsh > "${fpath[1]}/_schedctl"
  fish        schedctl completion fish > ~/.config/fish/completions/schedctl.fish
  powershell  schedctl completion powershell | Out-String | Invoke-Expression`,
		Example: "  source <(schedctl completion bash)\n  schedctl completion install zsh",
		GroupID: groupOperations,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && args[0] == installWord {
				return between(1, installWord, "SHELL")(cmd, args)
			}
			if err := exactly("SHELL")(cmd, args); err != nil {
				return err
			}
			if _, known := generators[args[0]]; !known {
				return usagef("unknown shell %q", args[0]).WithHint("%s", notAllowed(args[0], append(shells, installWord)).Error())
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			switch {
			case len(args) == 0:
				return append(shells, installWord), noFileComp
			case len(args) == 1 && args[0] == installWord:
				return shells[:3], noFileComp
			}
			return nil, noFileComp
		},
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			if args[0] == installWord {
				return runCompletionInstall(a, cmd.Root(), args[1:])
			}
			script, err := completionScript(cmd.Root(), args[0])
			if err != nil {
				return err
			}
			_, err = a.out.Write(script)
			return err
		}),
	}
	return cmd
}

// installWord asks for the script to be written where the shell looks for it.
const installWord = "install"

// runCompletionInstall writes the script of a shell into the folder of this user.
func runCompletionInstall(a *app, root *cobra.Command, args []string) error {
	shell := path.Base(a.env.Getenv("SHELL"))
	if len(args) > 0 {
		shell = args[0]
	}
	home := a.env.Getenv("HOME")
	if home == "" {
		account, err := a.env.Account()
		if err != nil {
			return usagef("whose shell? %v", err).WithHint("set HOME")
		}
		home = account.Home
	}
	under := func(variable, otherwise string) string {
		if dir := a.env.Getenv(variable); path.IsAbs(dir) {
			return dir
		}
		return path.Join(home, otherwise)
	}
	files := map[string]string{
		"bash": path.Join(under("XDG_DATA_HOME", ".local/share"), "bash-completion/completions/schedctl"),
		"zsh":  path.Join(under("XDG_DATA_HOME", ".local/share"), "zsh/site-functions/_schedctl"),
		"fish": path.Join(under("XDG_CONFIG_HOME", ".config"), "fish/completions/schedctl.fish"),
	}
	file, known := files[shell]
	switch {
	case len(args) == 0 && a.env.Getenv("SHELL") == "":
		return usagef("SHELL does not say which shell you use").WithHint("schedctl completion install bash|zsh|fish")
	case !known:
		return usagef("no folder for the completions of %q is known", shell).WithHint("schedctl completion install bash|zsh|fish; for powershell see %q", "schedctl completion --help")
	}
	script, err := completionScript(root, shell)
	if err != nil {
		return err
	}
	if err := a.env.WriteFile(file, script); err != nil {
		return usagef("write %s: %v", file, err)
	}
	a.say("%s", file)
	if shell == "zsh" {
		a.hint("put this into ~/.zshrc, before compinit: fpath=(%s $fpath)", path.Dir(file))
	}
	a.note("open a new shell to use it")
	return nil
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
