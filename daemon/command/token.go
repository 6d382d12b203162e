package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/daemon/config"
)

func newToken(env Env, src *source, tools Tools) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "token",
		Short:   "Make the first token for the API over the network",
		Example: "  schedd token bootstrap",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	})
	out := ""
	bootstrap := &cobra.Command{
		Use:   "bootstrap",
		Short: "Write the first admin token into a file, once",
		Long: `Makes a token that is admin on all platforms for 90 days, and writes it into a new file
that only its owner may read. It works once, before schedd serves the network: when there
is a valid token, make more with schedctl token create. The token is not shown again.`,
		Example:           "  schedd token bootstrap\n  schedd token bootstrap --out /root/schedd.token",
		Args:              usageArgs(cobra.NoArgs),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, _, err := config.Load(src.options())
			if err != nil {
				return err
			}
			path := out
			if path == "" {
				path = filepath.Join(cfg.DataDir, "admin.token")
			}
			if err := os.MkdirAll(cfg.DataDir, 0o750); err != nil {
				return fmt.Errorf("make the data directory: %w", err)
			}
			file := &secretFile{path: path}
			expires, err := tools.Bootstrap(cmd.Context(), cfg, file.keep)
			if err != nil {
				return errors.Join(err, file.forget())
			}
			_, err = fmt.Fprintf(env.Out, "admin token written to %s (0600), expires %s; it is not shown again\n", path, expires.Format(time.DateOnly))
			return err
		},
	}
	bootstrap.Flags().StringVar(&out, "out", "", "the new `file`; default admin.token in the data directory")
	cmd.AddCommand(bootstrap)
	return cmd
}

// secretFile is a new file for nobody but its owner.
type secretFile struct {
	path string
	made bool
}

// keep writes the text, to last.
func (s *secretFile) keep(text string) error {
	f, err := os.OpenFile(s.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists: name another file with --out", s.path)
	}
	if err != nil {
		return fmt.Errorf("make the file for the token: %w", err)
	}
	s.made = true
	_, err = f.WriteString(text + "\n")
	return errors.Join(err, f.Sync(), f.Close())
}

// forget removes what keep wrote.
func (s *secretFile) forget() error {
	if !s.made {
		return nil
	}
	return os.Remove(s.path)
}
