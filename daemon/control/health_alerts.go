package control

import (
	"context"
	"fmt"
	"time"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/store"
)

const (
	// newNotices is how many of the newest notices are looked at.
	newNotices = 50
	// untoldFor is how long a notice that was given up is an issue.
	untoldFor = time.Hour
	// deaf is after how many attempts a channel that does not take a notice is an issue.
	deaf = 3
)

// alerts looks at whether rules are looked at, and people told.
func (h *examination) alerts(ctx context.Context) {
	looked := h.s.o.Health.AlertsLooked
	if looked == nil {
		return
	}
	part := api.Component{Status: up}
	if open, err := h.s.store.AlertCounts(ctx, AnyPlatform); err == nil {
		part.Message = sayAlerts(open)
	}
	last := looked()
	if last.IsZero() {
		last = h.s.o.Started
	}
	if age := h.now.Sub(last); age > time.Minute {
		part.Status = down
		h.issue("alerts", "stuck", severityWarning, "journalctl -u schedd", "alert rules have not been looked at for %s", age.Round(time.Second))
	}
	h.answer.Components["alerts"] = part
	notices, err := h.s.store.Notices(ctx, newNotices)
	if err != nil {
		return
	}
	for i := range notices {
		n := &notices[i]
		ended := n.EndedAt != nil && h.now.Sub(*n.EndedAt) < untoldFor
		if n.Status == store.NoticeFailed && ended || n.Status == store.NoticePending && n.Attempts >= deaf && n.Error != "" {
			h.issue("alerts", "untold", severityWarning, "schedctl alert channel test "+n.Channel, "the channel %s could not be told of an alert: %s", n.Channel, n.Error)
			return
		}
	}
}

// sayAlerts says how many alerts are open.
func sayAlerts(open []store.AlertCount) string {
	firing, quiet := int64(0), int64(0)
	for _, c := range open {
		if c.State == alert.Firing {
			firing += c.Count
		} else {
			quiet += c.Count
		}
	}
	if firing+quiet == 0 {
		return "none is open"
	}
	return fmt.Sprintf("%d firing, %d acknowledged or silenced", firing, quiet)
}
