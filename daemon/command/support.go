package command

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/internal/build"
)

// Bounds of a bundle.
const (
	bundleWait = 30 * time.Second // for each thing in it
	bundlePart = 16 << 20         // bytes of each
	bundleLog  = "2000"           // lines
)

func newSupportDump(env Env, src *source, tools StoreTools) *cobra.Command {
	out := ""
	cmd := &cobra.Command{
		Use:        "support-dump",
		SuggestFor: []string{"support", "bundle", "debug"},
		Short:      "Gather what helps to find a fault into one file",
		Long: `Writes a .tar.gz that only its owner may read: versions, the configuration with secrets
masked, the schema of the store, and of the daemon, when it runs, its health, metrics, nodes,
queue, goroutines and memory, and the last lines of its log where the journal has them. No
payloads, no output of jobs, no secrets; the names of jobs may be in the log. What cannot be
had is named in problems.txt. Look through it before you send it.`,
		Example:           "  schedd support-dump\n  schedd support-dump --out /tmp/schedd.tar.gz",
		Args:              usageArgs(cobra.NoArgs),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := interruptible(cmd.Context(), env)
			defer stop()
			if out == "" {
				out = "schedd-support-" + now().UTC().Format("20060102-150405") + ".tar.gz"
			}
			missing, err := supportDump(ctx, src, tools, out)
			if err != nil {
				return stopped(ctx, err)
			}
			for _, m := range missing {
				fmt.Fprintln(env.Err, "without", m)
			}
			_, err = fmt.Fprintln(env.Out, out)
			return err
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "the new `file`; default schedd-support-TIME.tar.gz here")
	return cmd
}

// part is one file of a bundle.
type part struct {
	name string
	read func(ctx context.Context, w io.Writer) error
}

// supportDump writes the bundle to a new file, and returns what could not be had.
func supportDump(ctx context.Context, src *source, tools StoreTools, path string) (missing []string, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the bundle: %w", err)
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			_ = os.Remove(path) // half of it is worth nothing
		}
	}()
	zipped := gzip.NewWriter(f)
	archive := tar.NewWriter(zipped)
	add := func(name string, text []byte) error {
		if err := archive.WriteHeader(&tar.Header{Name: "schedd-support/" + name, Mode: 0o600, Size: int64(len(text)), ModTime: now()}); err != nil {
			return err
		}
		_, err := archive.Write(text)
		return err
	}
	for _, p := range parts(src, tools) {
		var text bytes.Buffer
		limited, cancel := context.WithTimeout(ctx, bundleWait)
		err := p.read(limited, &text)
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			missing = append(missing, fmt.Sprintf("%s: %v", p.name, err))
		}
		if text.Len() == 0 {
			continue
		}
		if err := add(p.name, text.Bytes()); err != nil {
			return nil, err
		}
	}
	if len(missing) > 0 {
		var text bytes.Buffer
		for _, m := range missing {
			fmt.Fprintln(&text, m)
		}
		if err := add("problems.txt", text.Bytes()); err != nil {
			return nil, err
		}
	}
	return missing, errors.Join(archive.Close(), zipped.Close())
}

// parts are what a bundle has, in order.
func parts(src *source, tools StoreTools) []part {
	cfg, origins, problem := config.Load(src.options())
	all := []part{
		{"versions.txt", func(_ context.Context, w io.Writer) error {
			_, err := fmt.Fprintf(w, "schedd %s\n%d processors\n", build.Get(), runtime.NumCPU())
			return err
		}},
		{"schedd.yaml", func(_ context.Context, w io.Writer) error {
			return errors.Join(problem, config.Show(w, cfg, &origins))
		}},
	}
	if problem != nil {
		return all
	}
	all = append(all, part{"schema.txt", func(ctx context.Context, w io.Writer) error {
		steps, have, err := tools.Schema(ctx, cfg)
		if err != nil {
			return err
		}
		return printSteps(w, steps, have)
	}})
	asked := func(name, path string) {
		all = append(all, part{name, func(ctx context.Context, w io.Writer) error {
			answer, err := ask(ctx, cfg.Listen.Socket, path)
			if err != nil {
				return err
			}
			defer answer.Body.Close()
			if _, err := io.Copy(w, io.LimitReader(answer.Body, bundlePart)); err != nil {
				return err
			}
			if answer.StatusCode >= http.StatusBadRequest {
				return fmt.Errorf("%s answers %s", path, answer.Status)
			}
			return nil
		}})
	}
	const api = "/api/v1/scheduler"
	asked("health.json", api+"/health")
	asked("running.json", api+"/version")
	asked("metrics.json", api+"/metrics")
	asked("metrics.txt", "/metrics")
	asked("workers.json", api+"/workers")
	asked("queue.json", api+"/queue")
	asked("goroutines.txt", "/debug/pprof/goroutine?debug=2")
	asked("heap.pprof", "/debug/pprof/heap")
	return append(all, part{"log.txt", journal})
}

// journal reads the last lines of the daemon's log.
func journal(ctx context.Context, w io.Writer) error {
	lines, err := exec.CommandContext(ctx, "journalctl", "--unit", "schedd", "--lines", bundleLog, "--no-pager", "--output", "short-iso-precise").Output()
	if err != nil {
		return err
	}
	_, err = w.Write(lines[max(0, len(lines)-bundlePart):])
	return err
}
