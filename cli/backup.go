package cli

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/job"
)

func newBackupCmd(a *app) *cobra.Command {
	return in(groupOperations, group(a, &cobra.Command{
		Use:   "backup",
		Short: "Copy everything that schedd keeps while it runs; verify and restore copies",
		Example: `  schedctl backup create /var/backups/schedd-20261122.gz
  schedctl backup verify /var/backups/schedd-20261122.gz`,
	},
		newBackupCreateCmd(a),
		handedOver(a, "backup", "verify", "Prove that a backup can be restored: its rows and its due times", "  schedctl backup verify /var/backups/schedd-20261122.gz", files),
		intoWhich(a, handedOver(a, "backup", "restore", "Make the configured store what a backup says", "  schedctl backup restore --data-dir /srv/schedd-copy /var/backups/schedd-20261122.gz", files)),
	))
}

// intoWhich refuses to fill the store that happens to be configured here for somebody whose
// commands go to a schedd that SCHEDCTL_SERVER names.
func intoWhich(a *app, cmd *cobra.Command) *cobra.Command {
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		told := slices.ContainsFunc(args, func(arg string) bool {
			name, _, _ := strings.Cut(arg, "=")
			return slices.Contains([]string{"-c", "--config", "--data-dir", "-h", "--help"}, name)
		})
		if !told && a.env.Getenv("SCHEDCTL_SERVER") != "" && a.env.Getenv("SCHEDD_CONFIG") == "" {
			return usagef("SCHEDCTL_SERVER names a schedd, but which store is to be filled is not said").
				WithHint("add --config FILE or --data-dir FOLDER of the schedd that is meant, and stop it first")
		}
		return run(cmd, args)
	}
	return cmd
}

func newBackupCreateCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:        "create FILE",
		SuggestFor: []string{"make", "new", "save", "write"},
		Short:      "Copy everything that schedd keeps, as of one moment, to a file",
		Long: `Copy jobs, runs, logs, counters and the ledger of due times, as of one moment, to a file
that is compressed and has checksums; schedd goes on meanwhile, and it may be anywhere. The
file is readable by its owner only, and an existing one is not overwritten; - writes to
standard output. It restores into SQLite and PostgreSQL alike.`,
		Example: `  schedctl backup create /var/backups/schedd-20261122.gz
  schedctl backup create - | ssh vault 'cat >schedd.gz'`,
		Args:              exactly("FILE"),
		ValidArgsFunction: files,
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runBackupCreate(cmd.Context(), a, args[0])
		}),
	}
}

// backupFile is what a backup says of itself.
type backupFile struct {
	File       string           `json:"file"`
	Bytes      int64            `json:"bytes"`
	SHA256     string           `json:"sha256"`
	WrittenAt  time.Time        `json:"written_at"`
	Version    string           `json:"version"` // of schedd
	Driver     string           `json:"driver"`
	Schema     int64            `json:"schema"`
	Rows       int64            `json:"rows"`
	Tables     map[string]int64 `json:"tables"` // rows by table
	DurationMS int64            `json:"duration_ms"`
}

func runBackupCreate(ctx context.Context, a *app, name string) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	if name == "-" {
		_, err := c.Backup(ctx, a.out)
		return err
	}
	began := a.env.Now()
	f, err := newBackupFile(name)
	if err != nil {
		return err
	}
	_, err = c.Backup(ctx, f)
	if err == nil {
		err = f.Sync()
	}
	b := backupFile{File: name}
	if err == nil {
		err = b.read(f)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(name)
		return err
	}
	took := a.env.Now().Sub(began)
	b.DurationMS = took.Milliseconds()
	return printOne(a, b, name, func() error {
		a.say("copied %d rows of %d tables, %s, in %s (online, consistent), sha256 %s", b.Rows, len(b.Tables), human.Bytes(b.Bytes), human.Duration(took), b.SHA256)
		a.hint(`"schedctl backup verify %s" proves that it can be restored`, name)
		return nil
	})
}

func newBackupFile(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, job.Errorf(job.Conflict, "%s exists", name).WithHint("name another file, or remove it")
	}
	if err != nil {
		return nil, usagef("write the backup: %v", err)
	}
	return f, nil
}

// read reads a backup from its beginning to its end: whoever cut it off or changed it is
// found by the checksum of its compression.
func (b *backupFile) read(f io.ReadSeeker) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	sum := sha256.New()
	counted := &counter{r: io.TeeReader(f, sum)}
	z, err := gzip.NewReader(counted)
	if err != nil {
		return damaged(err)
	}
	first, last, err := ends(z)
	if err != nil {
		return damaged(err)
	}
	var header struct {
		WrittenAt time.Time `json:"written_at"`
		Schedd    string    `json:"schedd"`
		Driver    string    `json:"driver"`
		Schema    int64     `json:"schema"`
	}
	var end struct {
		End    bool `json:"end"`
		Tables map[string]struct {
			Rows int64 `json:"rows"`
		} `json:"tables"`
	}
	if err := errors.Join(json.Unmarshal(first, &header), json.Unmarshal(last, &end)); err != nil || !end.End {
		return damaged(err)
	}
	b.Bytes, b.SHA256 = counted.n, hex.EncodeToString(sum.Sum(nil))
	b.WrittenAt, b.Version, b.Driver, b.Schema = header.WrittenAt, header.Schedd, header.Driver, header.Schema
	b.Tables = map[string]int64{}
	for name, t := range end.Tables {
		b.Tables[name] = t.Rows
		b.Rows += t.Rows
	}
	return nil
}

func damaged(err error) error {
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	return job.Errorf(job.Internal, "the backup is not whole: %w", err)
}

// ends returns the first and the last line of a text.
func ends(r io.Reader) (first, last []byte, err error) {
	in := bufio.NewReaderSize(r, 1<<20)
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) == 0:
			return first, last, nil
		case err != nil && !errors.Is(err, io.EOF):
			return nil, nil, err
		}
		if first == nil {
			first = bytes.Clone(line)
		}
		last, line = append(last[:0], line...), line[:0]
	}
}

// counter counts bytes.
type counter struct {
	r io.Reader
	n int64
}

// Read reads on.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
