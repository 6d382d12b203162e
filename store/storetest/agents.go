package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// agentTests are about the registry of agents.
func agentTests() []test {
	return []test{
		{"an agent comes back as it was stored", testAgentStored},
		{"names are unique within a platform", testAgentNames},
		{"agents are of a platform", testAgentPlatform},
		{"a change keeps what it does not touch", testAgentChange},
		{"a change that fails changes nothing", testAgentChangeFails},
		{"a deleted agent is gone", testAgentDelete},
		{"the last sign of life never goes back", testAgentSeen},
		{"a task goes to the least busy agent with capacity", testAgentTake},
		{"agents that are disabled, silent or of another kind get no task", testAgentTakeNone},
		{"a task that ended, or whose session did, frees its agent", testAgentFree},
		{"capacity holds when many ask at once", testAgentRace},
	}
}

// agent stores an agent of the bench's platform.
func (b *bench) agent(name string, edits ...func(a *store.Agent)) store.Agent {
	b.Helper()
	a := store.Agent{
		Platform: b.platform, Name: name, Type: "report", Transport: store.AgentHTTP, Endpoint: "https://agents.example.org/", Capacity: 2, Enabled: true,
		CreatedAt: b.now, CreatedBy: "uid:0", UpdatedAt: b.now, UpdatedBy: "uid:0",
	}
	for _, edit := range edits {
		edit(&a)
	}
	if err := b.store.CreateAgent(b.ctx, a); err != nil {
		b.Fatalf("CreateAgent(%+v) = %v, want no error", a, err)
	}
	return a
}

func (b *bench) wantAgent(want store.Agent) {
	b.Helper()
	got, err := b.store.Agent(b.ctx, want.Platform, want.Name)
	if err != nil {
		b.Fatalf("Agent(%s) = %v, want no error", want.Name, err)
	}
	b.wantSame("the agent", want, got)
}

// takeAgent gives a task to an agent, and returns its name.
func (b *bench) takeAgent(session int64, task string) (string, store.TakenAgent) {
	b.Helper()
	taken, err := b.store.TakeAgent(b.ctx, store.TakeAgent{Platform: b.platform, Type: "report", Task: b.platform + task, Session: session, Now: b.now})
	if err != nil {
		b.Fatalf("TakeAgent = %v, want no error", err)
	}
	if taken.Agent == nil {
		return "", taken
	}
	return taken.Agent.Name, taken
}

func testAgentStored(_ *testing.T, b *bench) {
	seen := b.now.Add(time.Microsecond)
	b.wantAgent(b.agent("plain"))
	b.wantAgent(b.agent("odd", func(a *store.Agent) {
		a.Type, a.Transport, a.Endpoint, a.Capacity, a.Heartbeat, a.Enabled = "Ä 'x' %", store.AgentRedis, "", 1000, 1500*time.Millisecond, false
		a.Description, a.SeenAt = "two\nlines", &seen
	}))
	bad := store.Agent{Platform: b.platform, Name: "bad", Type: "t", Transport: "fax", Capacity: 1, CreatedAt: b.now, UpdatedAt: b.now}
	if err := b.store.CreateAgent(b.ctx, bad); err == nil {
		b.Errorf("an agent that is reached by fax was stored")
	}
	for _, name := range []string{"", "Plain", "%", "plain "} {
		_, err := b.store.Agent(b.ctx, b.platform, name)
		b.wantCode("Agent("+name+")", err, job.NotFound)
	}
}

func testAgentNames(_ *testing.T, b *bench) {
	first := b.agent("one")
	again := first
	again.Type = "other"
	b.wantCode("a second agent of that name", b.store.CreateAgent(b.ctx, again), job.Conflict)
	b.agent("one", func(a *store.Agent) { a.Platform = b.platform + "-b" })
	_, err := b.store.Agent(b.ctx, store.AnyPlatform, "one")
	b.wantCode("a name that two platforms have", err, job.Conflict)
	b.wantAgent(first)
}

func testAgentPlatform(_ *testing.T, b *bench) {
	a := b.agent("one")
	foreign := b.platform + "-b"
	_, err := b.store.Agent(b.ctx, foreign, "one")
	b.wantCode("Agent", err, job.NotFound)
	_, err = b.store.ChangeAgent(b.ctx, store.ChangeAgent{Platform: foreign, Name: "one", Now: b.now, Change: func(a *store.Agent) error { a.Enabled = false; return nil }})
	b.wantCode("ChangeAgent", err, job.NotFound)
	_, err = b.store.DeleteAgent(b.ctx, foreign, "one")
	b.wantCode("DeleteAgent", err, job.NotFound)
	b.wantCode("SeeAgent", b.store.SeeAgent(b.ctx, foreign, "one", b.now), job.NotFound)
	list, err := b.store.ListAgents(b.ctx, foreign, "")
	wantEqual(b, "agents of another platform", fmt.Sprint(len(list), err), "0 <nil>")
	taken, err := b.store.TakeAgent(b.ctx, store.TakeAgent{Platform: foreign, Type: "report", Task: foreign, Session: b.session(), Now: b.now})
	wantEqual(b, "taken for another platform", fmt.Sprint(taken.Agent, taken.Known, err), "<nil> 0 <nil>")
	b.wantAgent(a)
}

func testAgentChange(_ *testing.T, b *bench) {
	want := b.agent("one")
	b.pass(time.Second)
	got, err := b.store.ChangeAgent(b.ctx, store.ChangeAgent{Platform: b.platform, Name: "one", By: "uid:7", Now: b.now, Change: func(a *store.Agent) error {
		a.Capacity, a.Enabled, a.Heartbeat = 9, false, time.Second
		return nil
	}})
	if err != nil {
		b.Fatalf("ChangeAgent = %v, want no error", err)
	}
	want.Capacity, want.Enabled, want.Heartbeat, want.UpdatedAt, want.UpdatedBy = 9, false, time.Second, b.now, "uid:7"
	b.wantSame("what ChangeAgent returned", want, got)
	b.wantAgent(want)
	list, err := b.store.ListAgents(b.ctx, b.platform, "other")
	wantEqual(b, "agents of another type", fmt.Sprint(len(list), err), "0 <nil>")
}

func testAgentChangeFails(_ *testing.T, b *bench) {
	want := b.agent("one")
	no := errors.New("no")
	_, err := b.store.ChangeAgent(b.ctx, store.ChangeAgent{Platform: b.platform, Name: "one", Now: b.now, Change: func(a *store.Agent) error {
		a.Capacity = 9
		return no
	}})
	if !errors.Is(err, no) {
		b.Errorf("ChangeAgent = %v, want the error of the change", err)
	}
	b.wantAgent(want)
}

func testAgentDelete(_ *testing.T, b *bench) {
	want := b.agent("one")
	got, err := b.store.DeleteAgent(b.ctx, b.platform, "one")
	if err != nil {
		b.Fatalf("DeleteAgent = %v, want no error", err)
	}
	b.wantSame("what DeleteAgent returned", want, got)
	_, err = b.store.DeleteAgent(b.ctx, b.platform, "one")
	b.wantCode("deleting it again", err, job.NotFound)
}

func testAgentSeen(_ *testing.T, b *bench) {
	want := b.agent("one", func(a *store.Agent) { a.Heartbeat = time.Second })
	later := b.now.Add(time.Minute)
	for _, at := range []time.Time{later, b.now} {
		if err := b.store.SeeAgent(b.ctx, b.platform, "one", at); err != nil {
			b.Fatalf("SeeAgent = %v, want no error", err)
		}
	}
	want.SeenAt = &later
	b.wantAgent(want)
	b.wantCode("a stranger", b.store.SeeAgent(b.ctx, b.platform, "two", b.now), job.NotFound)
}

func testAgentTake(_ *testing.T, b *bench) {
	b.agent("a", func(a *store.Agent) { a.Capacity = 1 })
	b.agent("b", func(a *store.Agent) { a.Capacity = 3 })
	session := b.session()
	got := ""
	for i := range 5 {
		name, taken := b.takeAgent(session, fmt.Sprint(i))
		got += name + " "
		wantEqual(b, "agents that live", taken.Alive, 2)
	}
	wantEqual(b, "who got the tasks", got, "a b b b  ")
	list, err := b.store.ListAgents(b.ctx, b.platform, "report")
	if err != nil || len(list) != 2 || list[0].Running != 1 || list[1].Running != 3 {
		b.Errorf("ListAgents = %+v, %v; want 1 and 3 running", list, err)
	}
}

func testAgentTakeNone(_ *testing.T, b *bench) {
	long := b.now.Add(-4 * time.Second)
	b.agent("disabled", func(a *store.Agent) { a.Enabled = false })
	b.agent("silent", func(a *store.Agent) { a.Heartbeat, a.SeenAt = time.Second, &long })
	b.agent("mute", func(a *store.Agent) { a.Heartbeat = time.Second })
	b.agent("other", func(a *store.Agent) { a.Type = "other" })
	session := b.session()
	name, taken := b.takeAgent(session, "1")
	wantEqual(b, "who got it", fmt.Sprint(name, taken.Known, taken.Alive), "3 0")
	if err := b.store.SeeAgent(b.ctx, b.platform, "silent", b.now); err != nil {
		b.Fatalf("SeeAgent = %v, want no error", err)
	}
	b.pass(3 * time.Second)
	name, _ = b.takeAgent(session, "2")
	wantEqual(b, "who got it, three heartbeats later", name, "silent")
	b.pass(time.Microsecond)
	name, _ = b.takeAgent(session, "3")
	wantEqual(b, "who got it, after more than three", name, "")
}

func testAgentFree(_ *testing.T, b *bench) {
	b.agent("a", func(a *store.Agent) { a.Capacity = 1 })
	first, second := b.session(), b.session()
	b.takeAgent(first, "1")
	if name, _ := b.takeAgent(second, "2"); name != "" {
		b.Errorf("a busy agent got a task")
	}
	for range 2 {
		if err := b.store.FreeAgent(b.ctx, b.platform+"1"); err != nil {
			b.Fatalf("FreeAgent = %v, want no error", err)
		}
	}
	name, _ := b.takeAgent(first, "3")
	wantEqual(b, "who got it when it was free", name, "a")
	if err := b.store.CloseSession(b.ctx, first, b.now); err != nil {
		b.Fatalf("CloseSession = %v, want no error", err)
	}
	name, _ = b.takeAgent(second, "4")
	wantEqual(b, "who got it when the session was over", name, "a")
	_, err := b.store.TakeAgent(b.ctx, store.TakeAgent{Platform: b.platform, Type: "report", Task: b.platform + "4", Session: second, Now: b.now})
	if code := job.CodeOf(err); err != nil && code != job.Conflict {
		b.Errorf("a task for a second time = %v, want conflict or none free", err)
	}
}

func testAgentRace(_ *testing.T, b *bench) {
	b.agent("a", func(a *store.Agent) { a.Capacity = 5 })
	session := b.session()
	var wg sync.WaitGroup
	got := make(chan bool, 20)
	for i := range 20 {
		wg.Go(func() {
			taken, err := b.store.TakeAgent(b.ctx, store.TakeAgent{Platform: b.platform, Type: "report", Task: fmt.Sprint(b.platform, i), Session: session, Now: b.now})
			if err != nil {
				b.Errorf("TakeAgent = %v, want no error", err)
			}
			got <- taken.Agent != nil
		})
	}
	wg.Wait()
	close(got)
	n := 0
	for yes := range got {
		if yes {
			n++
		}
	}
	wantEqual(b, "tasks that were taken", n, 5)
}
