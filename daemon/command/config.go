package command

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/daemon/listen"
)

func newConfig(env Env, src *source, tools Tools) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "config",
		Short:   "Check, show and write the configuration",
		Example: "  schedd config check --config /etc/schedd/schedd.yaml",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	})
	cmd.AddCommand(newConfigCheck(env, src, tools), newConfigShow(env, src), newConfigInit(env), newConfigEnv(env), newConfigSchema(env))
	return cmd
}

// reaching bounds how long --strict waits for what the configuration names.
const reaching = 15 * time.Second

func newConfigCheck(env Env, src *source, tools Tools) *cobra.Command {
	strict := false
	cmd := &cobra.Command{
		Use:     "check",
		Short:   "Report every problem, one a line",
		Long:    "Reads the configuration as serve does and reports every problem as\nfile:line:column: key: what is wrong. Exit status: 0 when it can be used, else 78.",
		Example: "  schedd config check --config ./schedd.yaml\n  schedd config check --strict",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !strict {
				return checkConfig(cmd.Context(), env, src, nil)
			}
			return checkConfig(cmd.Context(), env, src, tools.Reach)
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "connect to the store and the queue, too; nothing is changed")
	return cmd
}

// checkConfig reports what keeps the configuration from being used; reach, nil for nobody,
// says what does not answer.
func checkConfig(ctx context.Context, env Env, src *source, reach func(context.Context, config.Config) []error) error {
	problems, warnings := config.Check(src.options())
	for _, w := range warnings {
		fmt.Fprintf(env.Err, "warning: %s\n", w)
	}
	if len(problems) > 0 {
		return problems
	}
	if err := checkCertificate(src); err != nil {
		return err
	}
	if err := checkReach(ctx, src, reach); err != nil {
		return err
	}
	_, err := fmt.Fprintln(env.Out, "configuration ok")
	return err
}

// checkReach connects to what the configuration names.
func checkReach(ctx context.Context, src *source, reach func(context.Context, config.Config) []error) error {
	if reach == nil {
		return nil
	}
	cfg, _, err := config.Load(src.options())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, reaching)
	defer cancel()
	var problems config.Problems
	for _, err := range reach(ctx, cfg) {
		problems = append(problems, config.Problem{Message: err.Error()})
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}

// settingsError is a configuration that cannot be used.
type settingsError struct{ error }

// ExitCode returns the exit status.
func (settingsError) ExitCode() int { return ExitBadSettings }

// checkCertificate reads the certificate as serve does.
func checkCertificate(src *source) error {
	cfg, _, err := config.Load(src.options())
	if err != nil || cfg.Listen.HTTP == "" || cfg.Listen.TLSCertFile == "" {
		return err
	}
	if _, err := listen.LoadCertificate(cfg.Listen.TLSCertFile, cfg.Listen.TLSKeyFile, now()); err != nil {
		return settingsError{err}
	}
	return nil
}

func newConfigShow(env Env, src *source) *cobra.Command {
	origin := false
	cmd := &cobra.Command{
		Use:     "show",
		Short:   "Print the configuration that holds, secrets masked",
		Example: "  schedd config show --show-origin",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			cfg, origins, err := config.Load(src.options())
			if err != nil {
				return err
			}
			if !origin {
				return config.Show(env.Out, cfg, nil)
			}
			return config.Show(env.Out, cfg, &origins)
		},
	}
	cmd.Flags().BoolVar(&origin, "show-origin", false, "say where each value comes from")
	return cmd
}

func newConfigInit(env Env) *cobra.Command {
	output := ""
	cmd := &cobra.Command{
		Use:     "init",
		Short:   "Print a commented configuration with every default",
		Example: "  schedd config init --output ./schedd.yaml",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			if output == "" {
				return config.Init(env.Out)
			}
			return config.InitFile(output)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "write it to a new `file` instead")
	return cmd
}

func newConfigEnv(env Env) *cobra.Command {
	return &cobra.Command{
		Use:     "env",
		Short:   "List the environment variables, their keys and defaults",
		Example: "  schedd config env",
		Args:    usageArgs(cobra.NoArgs),
		RunE:    func(*cobra.Command, []string) error { return config.Variables(env.Out) },
	}
}

func newConfigSchema(env Env) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the configuration, for editors",
		Long: "Prints the JSON Schema of schedd.yaml. Editors that know YAML complete and check keys with\n" +
			"it when the first line of the file is # yaml-language-server: $schema=FILE",
		Example: "  schedd config schema > schedd.schema.json",
		Args:    usageArgs(cobra.NoArgs),
		RunE:    func(*cobra.Command, []string) error { return config.Schema(env.Out) },
	}
}
