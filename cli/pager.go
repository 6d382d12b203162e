package cli

import "bytes"

// defaultPager quits where everything fits, keeps colours and leaves the text standing.
const defaultPager = "less -FRX"

// paged shows what people read: through a pager where it is longer than the terminal.
func (a *app) paged(show func() error) error {
	command := a.pager()
	if command == "" {
		return show()
	}
	var buf bytes.Buffer
	out := a.out
	a.out, a.holding = &sink{w: &buf}, true
	err := show()
	a.out, a.holding = out, false
	defer func() {
		for _, text := range a.held { // remarks stand below what they are about
			a.errLine(text)
		}
		a.held = nil
	}()
	if bytes.Count(buf.Bytes(), []byte("\n")) >= a.env.Height() {
		if a.env.Page(command, buf.Bytes()) == nil {
			return err
		} // else there is no such pager
	}
	if _, writeErr := a.out.Write(buf.Bytes()); err == nil {
		err = writeErr
	}
	return err
}

// pager is the command of the pager; "" = none.
func (a *app) pager() string {
	if a.g.noPager || a.watching || !a.outTTY() || a.env.Page == nil || a.env.Height() == 0 {
		return ""
	}
	for _, name := range []string{"SCHEDCTL_PAGER", "PAGER"} {
		if command := a.env.Getenv(name); command != "" {
			if command == "cat" {
				return ""
			}
			return command
		}
	}
	return defaultPager
}
