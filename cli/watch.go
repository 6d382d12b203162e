package cli

import (
	"bytes"
	"context"
	"io"
	"time"
)

// watch does show again and again: in place on a terminal, elsewhere one snapshot
// per change with an empty line before it. An interrupt ends it with success.
func (a *app) watch(ctx context.Context, every time.Duration, show func(ctx context.Context) error) error {
	out := a.out
	defer func() { a.out = out }()
	var last []byte
	for {
		var buf bytes.Buffer
		a.out = &sink{w: &buf}
		err := show(ctx)
		a.out = out
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if !bytes.Equal(buf.Bytes(), last) {
			switch {
			case a.outTTY():
				_, _ = io.WriteString(a.out, "\x1b[H\x1b[2J\x1b[3J")
			case last != nil:
				_, _ = io.WriteString(a.out, "\n")
			}
			last = bytes.Clone(buf.Bytes())
			if _, err := a.out.Write(last); err != nil {
				return err
			}
		}
		if !sleep(ctx, every) {
			return nil
		}
	}
}

// sleep waits and reports whether ctx lasted.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
