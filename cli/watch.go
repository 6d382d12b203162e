package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"
)

// watch does show again and again: in place on a terminal, where lines that changed are
// bold, elsewhere one snapshot per change with an empty line before it. An interrupt ends
// it with success.
func (a *app) watch(ctx context.Context, every time.Duration, show func(ctx context.Context) error) error {
	out := a.out
	a.watching = true
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
		if _, verdict := errors.AsType[*statusError](err); err != nil && !verdict {
			return err
		}
		if !bytes.Equal(buf.Bytes(), last) {
			text := buf.Bytes()
			switch {
			case a.outTTY():
				text = a.repaint(text, last)
			case last != nil:
				_, _ = io.WriteString(a.out, "\n")
			}
			last = bytes.Clone(buf.Bytes())
			if _, err := a.out.Write(text); err != nil {
				return err
			}
		}
		if !sleep(ctx, every) {
			return nil
		}
	}
}

// Sequences that every terminal has.
const (
	cursorHome   = "\x1b[H"
	eraseToEnd   = "\x1b[K" // of the line
	eraseBelow   = "\x1b[J"
	clearScreen  = "\x1b[H\x1b[2J\x1b[3J"
	endOfStyle   = "\x1b[0m"
	boldFromHere = "\x1b[1m"
)

// repaint is text over what stands on the screen, without a flicker: each line erases
// the rest of the old one. Lines that were not there before are bold.
func (a *app) repaint(text, last []byte) []byte {
	var out bytes.Buffer
	if last == nil {
		out.WriteString(clearScreen)
	}
	out.WriteString(cursorHome)
	before := map[string]bool{}
	for line := range bytes.Lines(last) {
		before[string(line)] = true
	}
	for line := range bytes.Lines(text) {
		line, fresh := bytes.TrimSuffix(line, []byte("\n")), last != nil && !before[string(line)] && a.color(a.env.Out)
		if fresh {
			out.WriteString(boldFromHere)
			line = bytes.ReplaceAll(line, []byte(endOfStyle), []byte(endOfStyle+boldFromHere))
		}
		out.Write(line)
		if fresh {
			out.WriteString(endOfStyle)
		}
		out.WriteString(eraseToEnd + "\n")
	}
	out.WriteString(eraseBelow)
	return out.Bytes()
}

// watchFlag declares --watch.
func watchFlag(cmd *cobra.Command, every *time.Duration) {
	cmd.Flags().VarPF(duration{every}, "watch", "w", "show again every so often until interrupted").NoOptDefVal = "2s"
}

// watched does show once, or again and again where --watch was given.
func (a *app) watched(ctx context.Context, every time.Duration, show func(ctx context.Context) error) error {
	if every > 0 {
		return a.watch(ctx, every, show)
	}
	return show(ctx)
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
