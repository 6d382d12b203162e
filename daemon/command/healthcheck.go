package command

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/daemon/config"
)

// unhealthy is a daemon that does not take requests, or cannot be asked. Probes know
// no other status than 1.
type unhealthy struct{ error }

// ExitCode returns the exit status.
func (unhealthy) ExitCode() int { return ExitFailure }

func newHealthcheck(env Env, src *source) *cobra.Command {
	quiet, wait := false, 5*time.Second
	cmd := &cobra.Command{
		Use:        "healthcheck",
		SuggestFor: []string{"health", "ping", "ready"},
		Short:      "Ask the daemon of this machine whether it takes requests; exit 0 or 1",
		Long: "Asks GET /readyz on the socket of the configuration, for probes of containers and of service\n" +
			"managers. Exit status: 0 when the daemon takes requests and its store answers, else 1.\n" +
			"schedctl health tells more.",
		Example:           "  schedd healthcheck --quiet\n  schedd healthcheck --socket /run/schedd/schedd.sock --wait 2s",
		Args:              usageArgs(cobra.NoArgs),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if wait <= 0 {
				return usageError{"--wait must be longer than nothing"}
			}
			err := ready(cmd.Context(), src, wait)
			switch {
			case err != nil && quiet:
				return logged{unhealthy{err}}
			case err != nil:
				return unhealthy{err}
			case quiet:
				return nil
			}
			_, err = fmt.Fprintln(env.Out, "ready")
			return err
		},
	}
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "print nothing")
	cmd.Flags().DurationVar(&wait, "wait", wait, "longest wait for the answer")
	return cmd
}

// ready returns nil when the daemon that the configuration describes takes requests.
func ready(ctx context.Context, src *source, wait time.Duration) error {
	cfg, _, err := config.Load(src.options())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	answer, err := ask(ctx, cfg.Listen.Socket, "/readyz")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	var body struct {
		Error string `json:"error"`
	}
	_ = json.NewDecoder(io.LimitReader(answer.Body, 64<<10)).Decode(&body) // the status is enough
	return fmt.Errorf("schedd is not ready: %s %s", answer.Status, body.Error)
}

// ask sends one request to the daemon at a socket.
func ask(ctx context.Context, socket, path string) (*http.Response, error) {
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}
	rq, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	answer, err := transport.RoundTrip(rq)
	if err != nil {
		return nil, fmt.Errorf("schedd does not answer at %s: %w", socket, err)
	}
	return answer, nil
}
