package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
)

// TestEventsOverRedis: what other programs add to the stream or say on a channel acts like
// what comes by the API, also what came while schedd was down; what is no event is put
// aside.
func TestEventsOverRedis(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	r := newRehearsal(t, "sla", fmt.Sprintf(
		"store: {driver: postgres, postgres: {dsn: %q}}\nqueue: {driver: redis, redis: {url: %q, channels: ['ticket:*']}}\n", testbed.Postgres(t), server.URL()))
	r.configure(nil)
	do := func(command string) string {
		t.Helper()
		reply, err := server.Do(command)
		if err != nil || reply[0] == '-' {
			t.Fatalf("%s: %s, %v", command, reply, err)
		}
		return reply
	}
	add := func(fields string) {
		t.Helper()
		do("XADD stream:scheduler:events * " + fields)
	}
	start := utc("2026-03-02T09:00:00Z")
	r.at(start)
	r.readme("event emit")
	for range 2 { // the sender was not sure
		add(`event ticket:created data '{"ticket_id":"1","priority":"high"}' id chosen`)
	}
	add(`event ticket:created data 'not JSON'`)
	add(`event scheduler:job.created data {}`)
	r.heard("sla", 1)
	r.want("escalate-ticket-1", job.JobActive)
	testbed.Eventually(t, "the bad entry is a dead letter", time.Minute, func() bool { return do("XLEN stream:scheduler:dlq") == ":1" })
	testbed.Eventually(t, "the stream is empty", time.Minute, func() bool { return do("XLEN stream:scheduler:events") == ":0" })

	r.stop()
	add(`event ticket:created data '{"ticket_id":"1","priority":"high"}' id chosen`)
	add(`event ticket:created data '{"ticket_id":"2","priority":"low"}'`)
	r.at(start.Add(time.Minute))
	r.heard("sla", 2)
	r.want("escalate-ticket-2", job.JobActive)
	testbed.Eventually(t, "schedd listens to channels", time.Minute, func() bool { return do("PUBSUB NUMPAT") != ":0" })
	do(`PUBLISH ticket:resolved '{"ticket_id":"2"}'`)
	testbed.Eventually(t, "the escalation is cancelled", time.Minute, func() bool {
		j, err := r.client.Job(t.Context(), "escalate-ticket-2")
		return err == nil && j.Status == job.JobCancelled
	})
	h, err := r.client.EventHandler(t.Context(), "sla")
	if err != nil || h.TriggerCount != 2 || h.SuccessCount != 2 {
		t.Errorf("sla acted %d times, %d well, %v; want 2 and 2", h.TriggerCount, h.SuccessCount, err)
	}
}
