package control

import (
	"context"
	"io"
	"io/fs"
	"log/slog"

	"github.com/agentic-sdlc/scheduler/job"
)

// Spool is a file that is read once.
type Spool interface {
	io.ReadCloser
	Stat() (fs.FileInfo, error)
}

// Backup returns everything that the store keeps, as of one moment; the caller closes
// it. conflict while another is being written.
func (s *Service) Backup(ctx context.Context, c Call) (Spool, error) {
	if err := c.everywhere("a backup"); err != nil {
		return nil, err
	}
	if s.o.Backup == nil {
		return nil, job.Errorf(job.Unavailable, "this node makes no backups")
	}
	if !s.copies.TryLock() {
		return nil, job.Errorf(job.Conflict, "another backup is being written").WithHint("try again when it is done")
	}
	defer s.copies.Unlock()
	file, err := s.o.Backup(ctx)
	if err != nil {
		return nil, err
	}
	if st, err := file.Stat(); err == nil {
		s.did(ctx, c, "backup written", slog.Int64("bytes", st.Size()))
	}
	return file, nil
}
