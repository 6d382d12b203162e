package storetest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

func testEventsListed(_ *testing.T, b *bench) {
	old := b.send("ticket:created", "T-1")
	b.listening().act()
	b.pass(time.Second)
	b.send("user:signup", "U-1", func(e *event.Event) { e.Platform = b.platform + "-b" })
	large := b.send("ticket:resolved", "T-1", func(e *event.Event) {
		e.ID, e.Data = "chosen", json.RawMessage(`{"text":"`+strings.Repeat("x", store.MaxListedData)+`"}`)
	})
	list := func(f store.EventFilter) store.Page[store.CameIn] {
		b.Helper()
		f.Platform = b.platform
		page, err := b.store.ListEvents(b.ctx, f)
		b.wantCode("ListEvents", err, "")
		return page
	}
	want := []store.CameIn{{Event: large, Bytes: int64(len(large.Data)), Waiting: true}, {Event: old, Bytes: int64(len(old.Data))}}
	want[0].Data = nil
	b.wantSame("all", want, list(store.EventFilter{}).Items)
	for what, f := range map[string]store.EventFilter{
		"by name": {Names: []string{"ticket:created", "none"}}, "by id": {ID: old.ID}, "until": {Until: b.now},
	} {
		b.wantSame(what, want[1:], list(f).Items)
	}
	b.wantSame("since", want[:1], list(store.EventFilter{Since: b.now}).Items)
	first := list(store.EventFilter{Limit: 1})
	b.wantSame("the first page", want[:1], first.Items)
	second := list(store.EventFilter{Limit: 1, Cursor: first.Next})
	b.wantSame("the second page", want[1:], second.Items)
	wantEqual(b, "the cursor of the last page", second.Next, "")
	_, err := b.store.ListEvents(b.ctx, store.EventFilter{Platform: b.platform, Cursor: "x"})
	b.wantCode("a cursor of nowhere", err, job.Invalid)
}
