package stored

import (
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// ReadAgent reads an agent, its columns in the order of the adapters' statement.
func ReadAgent(r *Row) store.Agent {
	return store.Agent{
		Platform: r.Text(), Name: r.Text(), Type: r.Text(), Transport: r.Text(), Endpoint: r.Text(), Capacity: int(r.Int()),
		Heartbeat: time.Duration(r.Int()) * time.Millisecond, Enabled: r.Int() != 0, Description: r.Text(),
		SeenAt: r.TimePtr(), CreatedAt: r.Time(), CreatedBy: r.Text(), UpdatedAt: r.Time(), UpdatedBy: r.Text(), Running: int(r.Int()),
	}
}

// OneAgent is the agent that was looked for by its name.
func OneAgent(found []store.Agent, name string) (store.Agent, error) {
	switch len(found) {
	case 0:
		return store.Agent{}, job.Errorf(job.NotFound, "agent %q not found", name).WithHint("schedctl agent list")
	case 1:
		return found[0], nil
	}
	return store.Agent{}, job.Errorf(job.Conflict, "agents of several platforms are named %q", name).WithHint("name the platform")
}

// AgentExists refuses a second agent of a name.
func AgentExists(name string) error {
	return job.Errorf(job.Conflict, "there is an agent %q already", name).WithHint("change it with schedctl agent set, or choose another name")
}

// ChooseAgent picks the agent with the largest part of its capacity free; by name when
// several have it.
func ChooseAgent(list []store.Agent, now time.Time) store.TakenAgent {
	t := store.TakenAgent{Known: len(list)}
	best := 0.0
	for i := range list {
		a := &list[i]
		if !a.Enabled || !a.Lives(now) {
			continue
		}
		t.Alive++
		if free := 1 - float64(a.Running)/float64(a.Capacity); free > best {
			best, t.Agent = free, a
		}
	}
	if t.Agent != nil {
		t.Agent.Running++
	}
	return t
}
