package httpapi

import (
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/agentic-sdlc/scheduler/daemon/control"
)

func (s *server) backup(rq *request) (any, error) {
	file, err := s.service.Backup(rq.Context(), rq.call)
	if err != nil {
		return nil, err
	}
	return &download{file: file}, nil
}

// download is a file as an answer.
type download struct{ file control.Spool }

// part is how much of a file is sent at once, in bytes: what a caller must take within
// writeWithin.
const part = 256 << 10

// stream sends the file with its length, so that a caller sees when it was cut off.
func (d *download) stream(w *writer) (err error) {
	defer func() { err = errors.Join(err, d.file.Close()) }()
	st, err := d.file.Stat()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/gzip")
	w.Header().Set("Content-Length", strconv.FormatInt(st.Size(), 10))
	w.WriteHeader(http.StatusOK)
	for {
		hurry(w)
		switch _, err := io.CopyN(w, d.file, part); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}
