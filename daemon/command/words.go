package command

import (
	"fmt"
	"os"
	"strings"
	"sync"
)

// words are what systemd shows as the state of the service: what the daemon says of
// itself, behind a reload that failed for as long as that is not mended.
type words struct {
	mu      sync.Mutex
	current string
	reload  string // why the last reload failed; "" = it did not
}

// is takes what the daemon says, and returns all that is to be told.
func (w *words) is(text string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.current = text
	return w.line()
}

// failed takes how a reload ended, and returns all that is to be told.
func (w *words) failed(err error) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reload = ""
	if err != nil {
		first, more, _ := strings.Cut(err.Error(), "\n")
		if more != "" {
			first += fmt.Sprintf(" (and %d more)", strings.Count(more, "\n")+1)
		}
		w.reload = "reload failed: " + first + "; the old configuration holds; "
	}
	return w.line()
}

func (w *words) line() string { return "STATUS=" + w.reload + w.current }

// status tells systemd what the daemon says; nil when there is nobody to tell.
func (w *words) status() func(text string) {
	if os.Getenv("NOTIFY_SOCKET") == "" {
		return nil
	}
	return func(text string) { notify(w.is(text)) }
}
